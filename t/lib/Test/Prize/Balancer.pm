package Test::Prize::Balancer;

# A stock balancer in front of several hosts: conf/balancer/nginx.conf, or
# haproxy.cfg there, with other folders and addresses and nothing else.
#
#     my $balancer = Test::Prize::Balancer->start('nginx',
#         hosts => ["127.0.0.1:$port[0]", ...]);
#     ... "127.0.0.1:$balancer->{port}" ...
#     $balancer->drain(1);        # nothing new for the first host
#     $balancer->add(1);
#
# The sample has three hosts.  Without "hosts" they are where it says, and it
# listens where it says itself: a network of the test's own may be so.

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::INET ();

use Test::Prize;

use constant HOSTS => map { "10.0.0.1$_:80" } 1 .. 3;

my %class = (nginx => 'Test::Prize::Balancer::Nginx',
             haproxy => 'Test::Prize::Balancer::HAProxy');


sub kinds { return sort keys %class }


sub start {
    my ($class, $kind, %option) = @_;
    my $self = ($class{$kind} // croak "no balancer \"$kind\"")->prepare;

    $self->{hosts} = $option{hosts} // [HOSTS];
    $self->{port} = $option{hosts} ? free_port() : 80;
    $self->{listen} = ($option{hosts} ? '127.0.0.1' : '')
                      . ":$self->{port}";
    $self->launch;
    return $self->await("$kind as a balancer", sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                              PeerPort => $self->{port});
    });
}


# A sample with what is another here; each has to be there.

sub fitted {
    my ($self, $name, @change) = @_;
    my $text = slurp(root() . "/conf/balancer/$name");
    my @hosts = map { [qr/server (?:host\d )?\K\Q@{[ (HOSTS)[$_] ]}\E/,
                       $self->{hosts}[$_]] } 0 .. 2;

    for my $change (@hosts, @change) {
        my ($from, $to) = @$change;
        croak "$name has no $from" unless $text =~ s/$from/$to/;
    }

    return spew("$self->{dir}/$name", $text);
}


package Test::Prize::Balancer::Nginx;

use strict;
use warnings;

our @ISA = qw(Test::Prize::Nginx);


sub launch {
    my ($self) = @_;

    $self->{down} = {};
    $self->write;
    $self->SUPER::start;
}


sub write {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $temp = join ' ', map { "${_}_temp_path $dir/temp/$_;" }
               qw(client_body proxy fastcgi uwsgi scgi);
    my @down = map { [qr/server \Q$self->{hosts}[$_ - 1]\E\K(?=[ ;])/,
                       ' down'] }
               keys %{ $self->{down} };

    $self->Test::Prize::Balancer::fitted('nginx.conf',
        [qr/^user .*\n/m                => "daemon off;\n"],
        [qr/^worker_processes\s+\Kauto/m => 2],
        [qr{/run/nginx\.pid}            => "$dir/nginx.pid"],
        [qr{/var/log/nginx/error\.log}  => "$dir/error.log"],
        [qr/^http \{\n\K/m              => "    $temp\n"],
        [qr/listen \K80/                => $self->{listen} =~ s/^://r],
        @down);
}


sub drain {
    my ($self, $n) = @_;

    $self->{down}{$n} = 1;
    $self->write;
    $self->reload;
}


sub add {
    my ($self, $n) = @_;

    delete $self->{down}{$n};
    $self->write;
    $self->reload;
}


# those whose processor time is the balancer's

sub pids { return $_[0]->workers }


package Test::Prize::Balancer::HAProxy;

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::UNIX ();

our @ISA = qw(Test::Prize::Process);


sub prepare {
    my ($class) = @_;

    return $class->attach(dir => $class->new_dir('haproxy'));
}


sub launch {
    my ($self) = @_;
    my $file = $self->Test::Prize::Balancer::fitted('haproxy.cfg',
        [qr/^ *log \/dev\/log.*\n/m     => "    log stdout format raw local0"
                                           . " notice\n"],
        [qr/^ *user haproxy\n *group haproxy\n/m => ''],
        [qr{stats socket \K\S+}          => "$self->{dir}/admin.sock"],
        [qr/bind \K:80/                 => $self->{listen}]);

    $self->spawn(command => ['haproxy', '-db', '-f', $file]);
}


# a command of the admin socket, and what it says

sub admin {
    my ($self, $command) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => "$self->{dir}/admin.sock")
        or croak "HAProxy's admin socket: $!";

    print {$socket} "$command\n";
    local $/;
    return readline($socket) =~ s/\n+\z//r;
}


sub set {
    my ($self, $n, $state) = @_;
    my $said = $self->admin("set server hosts/host$n state $state");

    croak "HAProxy: $said" if $said ne '';
}


sub drain { my ($self, $n) = @_; $self->set($n, 'drain') }


# returns when it has seen that the host is ready

sub add {
    my ($self, $n) = @_;

    $self->set($n, 'ready');
    Test::Prize::eventually(sub { $self->is_up($n) }, "host $n to be up");
}


sub is_up {
    my ($self, $n) = @_;
    my ($line) = grep { /^hosts,host$n,/ } split /\n/,
                 $self->admin('show stat');

    return (split /,/, $line)[17] eq 'UP';
}


sub pids { return $_[0]{pid} }


1;
