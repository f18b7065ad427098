package Load;

# The clients: a fixed number of requests a second, whatever happens, and a
# record of each.
#
#     my $load = Load->start(site => $site, rate => 2000, seed => $seed);
#     ...
#     $load->stop;
#     $load->each(sub { my ($request) = @_; ... });
#
# Three of four requests share connections that are kept, as those of a
# browser or a balancer; each fourth has one of its own.  A request is
#
#     due, asked, ended   when, in seconds since the epoch
#     status              of the answer, 0 if there was none
#     source, result      what $prize_source and $prize_result said
#     worker              that answered, or had the connection; 0 if unknown
#     primary             that was asked last, where only primaries are
#     answers             of the servers, what $upstream_status said
#     wrong, again        see Test::Prize::Clients
#     why                 of one that is wrong or was lost

use strict;
use warnings;

use Carp qw(croak);
use List::Util qw(max);
use POSIX ();
use Time::HiRes qw(time);

use Test::Prize;
use Test::Prize::Clients;

my @fields = qw(due asked ended status source result worker primary answers
                again wrong why);


sub start {
    my ($class, %option) = @_;
    my $self = bless { parts => [] }, $class;
    my $own = int $option{rate} / 4;

    $self->begin(1, %option, rate => $option{rate} - $own);
    $self->begin(2, %option, rate => $own, close => 1);
    return $self;
}


sub begin {
    my ($self, $n, %option) = @_;
    my $file = run_dir() . "/load.$$.$n";
    my $pid = fork // croak "fork: $!";

    if ($pid == 0) {
        eval { ask($file, $n, %option); 1 } or print STDERR $@;
        POSIX::_exit($@ ? 1 : 0);
    }

    push @{ $self->{parts} }, { file => $file, pid => $pid };
}


# in a process of its own

sub ask {
    my ($file, $n, %option) = @_;
    my $ids = $option{site}->ids;
    my @paths = $option{site}->paths;
    my ($stop, %asked);

    $SIG{$_} = 'DEFAULT' for qw(INT HUP);
    $SIG{TERM} = sub { $stop = 1 };
    srand $option{seed} + $n;

    open my $out, '>:raw', $file or croak "$file: $!";

    my $clients = Test::Prize::Clients->new(port => $option{site}->port,
        connections => 1000, close => $option{close}, timeout => 20,
        request => sub {
            my $id = $ids->[rand @$ids];
            $asked{$_[0]} = time;
            return ("$paths[$_[0] % @paths]?id=$id", $id);
        });

    # of an answer, or of a request that has none

    my $note = sub {
        my (undef, $answer) = @_;
        my $client = $answer->{client};
        my $why = $answer->{wrong} // $answer->{why};
        my ($source, $result, $worker, $asked, $answers) = map {
            ($answer->{head} // '') =~ /^$_: ([^\r]*)\r$/m ? $1 : ''
        } qw(X-Source X-Result X-Worker X-Asked X-Answers);
        my ($primary) = $answer->{path} =~ /^\/primary/
                        && $asked =~ /([^ ]+)$/ ? $1 : '';

        $client->{worker} = $worker if $worker;
        $why = "$answer->{path}: $why" if defined $why;
        print {$out} join("\t", $answer->{since}, delete $asked{$answer->{n}},
            time, $answer->{status} // 0, $source, $result,
            $client && $client->{worker} || 0, $primary, $answers,
            $answer->{again} // 0,
            defined $answer->{wrong} ? 1 : 0,
            ($why // '') =~ s/\s+/ /gr), "\n";
    };

    my $result = $clients->run(rate => $option{rate}, requests => 1e9,
        every => [0.1, sub { $_[0]->stop if $stop }],
        keep => $note, missed => $note);

    close $out or croak "$file: $!";
    spew("$file.extra", $result->{extra});
}


# no more questions; returns when the last answer has come

sub stop {
    my ($self) = @_;

    kill 'TERM', map { $_->{pid} } @{ $self->{parts} };

    for my $part (@{ $self->{parts} }) {
        waitpid $part->{pid}, 0;
        croak "the clients ended with status $?" if $?;
    }
}


# is it still at work?

sub running {
    my ($self) = @_;

    return !grep { waitpid $_->{pid}, POSIX::WNOHANG() } @{ $self->{parts} };
}


sub each {
    my ($self, $code) = @_;
    my %request;

    for my $part (@{ $self->{parts} }) {
        open my $in, '<:raw', $part->{file} or croak "$part->{file}: $!";

        while (my $line = readline $in) {
            chomp $line;
            @request{@fields} = split /\t/, $line, -1;
            $code->(\%request);
        }
    }
}


# What became of those that were due from one time on and before another, or of
# all: how many "requests" there were, how many were "lost", "wrong", and asked
# "again", and "late", the longest, in seconds; by its status and by its worker
# how many had each.

sub sums {
    my ($self, $from, $to) = @_;
    my %sum = ((map { $_ => 0 } qw(requests lost wrong again late)),
               status => {}, worker => {}, why => []);

    $self->each(sub {
        my ($request) = @_;
        return if $request->{due} < ($from // 0)
                  || $request->{due} >= ($to // 'inf');

        $sum{requests}++;
        $sum{lost}++ unless $request->{status};
        $sum{$_} += $request->{$_} for qw(wrong again);
        $sum{late} = max($sum{late}, $request->{ended} - $request->{due});
        $sum{status}{ $request->{status} }++ if $request->{status};
        $sum{worker}{ $request->{worker} }++;
        push @{ $sum{why} }, $request->{why}
            if $request->{why} ne '' && @{ $sum{why} } < 10;
    });

    return \%sum;
}


# answers that nobody asked for

sub extra {
    my ($self) = @_;
    my $extra = 0;

    $extra += slurp("$_->{file}.extra") for @{ $self->{parts} };
    return $extra;
}


1;
