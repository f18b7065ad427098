package Test::Prize::DNS;

# A name server whose answers a test changes while it runs.
#
#     my $dns = Test::Prize::DNS->start;           # or start(port => 53)
#     $dns->set('redis.example' => '127.0.0.1', '127.0.0.2');
#     ... "resolver $dns->{address} valid=1s ipv6=off;" ...
#     $dns->set('redis.example' => 'NXDOMAIN');    # or SERVFAIL, or SILENT
#     $dns->set('redis.example');                  # an answer with no address
#     $dns->set('redis.example' => 'AFTER:3', '127.0.0.1');    # seconds later
#
# Addresses are those of IPv4.  A name that was never set is NXDOMAIN.
# $dns->asked('redis.example') is how often it was asked for.

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::INET ();
use POSIX ();

use Test::Prize;

our @ISA = qw(Test::Prize::Process);

my %code = (SERVFAIL => 2, NXDOMAIN => 3);


sub start {
    my ($class, %option) = @_;
    my $self = $class->attach(port => $option{port} // Test::Prize::free_port(),
                              dir => $class->new_dir('dns'));
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp',
                                       LocalPort => $self->{port})
        or croak "UDP port $self->{port}: $!";

    $self->{address} = "127.0.0.1:$self->{port}";

    return $self->fork_serve($socket);
}


# the server reads it with each question

sub set {
    my ($self, $name, @answer) = @_;

    rename spew("$self->{dir}/$name.new", join ' ', @answer),
           "$self->{dir}/$name" or croak "$self->{dir}/$name: $!";
    return $self;
}


sub asked {
    my ($self, $name) = @_;

    return -s "$self->{dir}/$name.asked" // 0;
}


sub serve {
    my ($self, $socket) = @_;

    while (defined(my $client = $socket->recv(my $query, 512))) {
        my ($id, $name, $question) = parse($query) or next;
        my $file = "$self->{dir}/$name";
        my @answer = -e $file ? split ' ', slurp($file) : 'NXDOMAIN';

        open my $asked, '>>', "$file.asked" or die "$file.asked: $!";
        print {$asked} '.';
        close $asked or die "$file.asked: $!";

        next if "@answer" eq 'SILENT';

        # others are answered meanwhile
        if ("@answer" =~ /^AFTER:(\d+)/) {
            next if fork // die "fork: $!";
            shift @answer;
            sleep $1;
            $socket->send(reply($id, $question, @answer), 0, $client);
            POSIX::_exit(0);
        }

        $socket->send(reply($id, $question, @answer), 0, $client)
            or die "send: $!";
    }
}


# of an A query: its ID, the name in lower case, and the question as it came

sub parse {
    my ($query) = @_;
    my @labels;
    my $at = 12;

    while (my $n = unpack "x$at C", $query) {
        push @labels, substr $query, $at + 1, $n;
        $at += $n + 1;
    }

    return (substr($query, 0, 2), lc join('.', @labels),
            substr $query, 12, $at + 5 - 12);
}


# RFC 1035, section 4: each address is good for one second

sub reply {
    my ($id, $question, @answer) = @_;
    my $code = @answer ? $code{$answer[0]} // 0 : 0;

    @answer = () if $code;

    return $id . pack('n5', 0x8180 | $code, 1, scalar @answer, 0, 0)
           . $question
           . join '', map { pack('n3Nn', 0xc00c, 1, 1, 1, 4)
                            . pack 'C4', split /\./ } @answer;
}


1;
