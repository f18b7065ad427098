package Test::Prize::Dashboard;

# The event on a screen: an nginx with "prize_status html" between a Redis and
# a PostgreSQL of its own, clients that ask it, and a script of t/browser/ that
# looks on while it has them killed and started again.
#
#     my $event = Test::Prize::Dashboard->new;
#     exit $event->node('dashboard.js', RATE => 8);
#
# The script writes a line to the descriptor ASK for each thing to be done, a
# key of %act with its arguments, and reads a line of JSON from ANSWER when it
# is done.

use strict;
use warnings;

use Fcntl qw(F_SETFD);
use HTTP::Tiny ();
use IO::Handle ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep);

use Test::Prize;
use Test::Prize::Browser;
use Test::Prize::Clients;

our @ISA = qw(Test::Prize::Browser);

use constant EMPLOYEES => 1000;

my %act = (
    kill => sub { $_[0]{$_[1]}->kill },
    start => sub { $_[0]->start_again($_[1]) },
    stop => sub { $_[0]{$_[1]}->stop },
    spoil => sub { $_[0]->spoil },
    disconnect => sub { $_[0]{redis}->command(qw(CLIENT KILL TYPE normal)) },
    pause => sub { $_[0]->signal_nginx('STOP') },
    resume => sub { $_[0]->signal_nginx('CONT') },
    reload => sub { $_[0]{nginx}->reload },
    kill_worker => sub { $_[0]->kill_worker },
    burst => sub { $_[0]->load(requests => $_[1], connections => 50) },

    # after an attempt that fails there is a pause of at most 100 ms
    fail => sub { for (1 .. $_[1]) {
        $_[0]->load(requests => 5, connections => 5);
        sleep 0.11;
    } },
    load => sub { $_[0]->begin_load($_[1]) },
    end_load => sub { $_[0]->end_load },
    log => sub { $_[0]->logged },
    rows => sub { $_[0]->rows($_[1]) },
    ask => sub { HTTP::Tiny->new->get("http://127.0.0.1:$_[0]{port}"
                                      . "/h5?id=$_[1]") },
);


sub new {
    my ($class) = @_;
    my $self = bless { port => free_port(), counted => 0 }, $class;

    $self->{redis} = Test::Prize::Redis->start;
    $self->{postgres} = Test::Prize::Postgres->start;
    $self->{postgres}->sql(<<"SQL");
        CREATE TABLE employee AS SELECT 'E' || n AS id, 'Ann' AS name
            FROM generate_series(1, @{[ 2 * EMPLOYEES ]}) n;
        INSERT INTO employee VALUES ('twice', 'Ann'), ('twice', 'Eve');
        CREATE INDEX ON employee (id);
SQL
    $self->fill;
    $self->{nginx} = Test::Prize::Nginx->start(workers => 2,
        files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' },
        connections => 2000, http => $self->conf);

    return $self;
}


# The pool's name is text on the screen, whatever it looks like.  What is
# judged here is who answers, not how soon: a busy machine is no fault.

sub conf {
    my ($self) = @_;

    return <<"CONF";
    prize_postgres <b>hr</b> "@{[ $self->{postgres}->conninfo ]}" queue=1000;
    log_format event '\$status \$prize_source';
    keepalive_requests 1000000;

    server {
        # each worker gets its share, and finds out who is away
        listen 127.0.0.1:$self->{port} backlog=1000 reuseport;

        location = /h5 {
            prize_page             page.html;
            prize_redis_pass       127.0.0.1:$self->{redis}{port};
            prize_redis_timeout    5s;
            prize_redis_connect_timeout 5s;
            prize_postgres_pass    <b>hr</b>;
            prize_postgres_query
                "SELECT id, name FROM employee WHERE id = ANY(\$1)";
            prize_postgres_timeout 10s;
            prize_write_back       off;
            access_log             event.log event;
        }

        location = /status {
            prize_status html;
            access_log   off;
        }
    }
CONF
}


# one half of the employees, since some are to come from PostgreSQL

sub fill {
    my ($self) = @_;

    $self->{redis}->commands(map { ['HSET', "employee:E$_", id => "E$_",
                                    name => 'Ann'] } 1 .. EMPLOYEES);
}


# keys that are no hashes, until Redis is killed

sub spoil {
    my ($self) = @_;

    $self->{redis}->commands(map { ['SET', "employee:E$_", 'Ann'] }
                             1 .. EMPLOYEES);
}


# ---- the clients


sub request {
    my $chance = rand;
    my $id = $chance < .01 ? 'no%20id'
           : $chance < .02 ? 'nobody' . int rand 1e6
           : $chance < .10 ? 'E' . (EMPLOYEES + 1 + int rand EMPLOYEES)
           : 'E' . (1 + int rand EMPLOYEES);

    return ("/h5?id=$id", $id);
}


sub load {
    my ($self, %option) = @_;
    my $stop;

    local $SIG{TERM} = sub { $stop = 1 };

    my $result = Test::Prize::Clients->new(port => $self->{port},
        request => \&request, close => 1, connections => $option{connections})
        ->run(requests => $option{requests}, rate => $option{rate},
              every => [0.1, sub { $_[0]->stop if $stop }]);

    return { map { $_ => $result->{$_} } qw(answers lost wrong) };
}


sub begin_load {
    my ($self, $rate) = @_;
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        my $told = eval {
            spew(run_dir() . "/load.$$", JSON::PP::encode_json(
                $self->load(rate => $rate, requests => 1e9,
                            connections => 500)));
        };
        print STDERR $@;
        POSIX::_exit($told ? 0 : 1);
    }

    $self->{load} = $pid;
}


sub end_load {
    my ($self) = @_;
    my $pid = delete $self->{load};

    kill 'TERM', $pid;
    waitpid $pid, 0;
    return JSON::PP::decode_json(slurp(run_dir() . "/load.$pid"));
}


# ---- the servers


# a Redis that was killed is empty, and an nginx that was stopped counts from 0

sub start_again {
    my ($self, $name) = @_;

    $self->{$name}->start;
    $self->fill if $name eq 'redis';
    $self->{counted} = length $self->{nginx}->log('event.log')
        if $name eq 'nginx';
}


# the log of what nginx counts

sub logged {
    my ($self) = @_;
    my (%status, %source);

    for (split /\n/, substr $self->{nginx}->log('event.log'),
                             $self->{counted}) {
        my ($status, $source) = split / /;
        $status{$status}++;
        $source{$source || '-'}++;
    }

    return { status => \%status, source => \%source };
}


# waits until so many seconds more are in the history

sub rows {
    my ($self, $n) = @_;
    my $last = sub { $self->{nginx}->status(
        "http://127.0.0.1:$self->{port}/status?json&since=0")->{second} };
    my $end = $last->() + $n;

    eventually { $last->() >= $end } "$n rows";
}


sub signal_nginx {
    my ($self, $signal) = @_;
    my $nginx = $self->{nginx};

    kill $signal, $nginx->{pid}, $nginx->children;
}


sub kill_worker {
    my ($self) = @_;
    my $nginx = $self->{nginx};
    my @old = $nginx->workers;

    kill 'KILL', $old[0];
    eventually { my @new = grep { $_ != $old[0] } $nginx->workers;
                 @new == @old } 'its successor';
}


# ---- the script


# runs it and does what it asks for; its exit status

sub node {
    my ($self, $script, %environment) = @_;

    pipe my $asked, my $ask or die "pipe: $!\n";
    pipe my $answer, my $answered or die "pipe: $!\n";

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        close $asked;
        close $answered;
        fcntl $_, F_SETFD, 0 for $ask, $answer;
        my $status = eval {
            $self->SUPER::node($script, %environment, ASK => fileno $ask,
                               ANSWER => fileno $answer);
        };
        print STDERR $@;
        POSIX::_exit($status // 255);
    }

    close $ask;
    close $answer;
    $self->serve($pid, $asked, $answered);
    my $status = $?;
    $self->end_load if $self->{load};
    return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}


# until it ends: Chromium's processes hold its pipe for longer

sub serve {
    my ($self, $pid, $asked, $answered) = @_;

    local $SIG{PIPE} = 'IGNORE';
    $answered->autoflush(1);

    until (waitpid $pid, POSIX::WNOHANG()) {
        vec(my $readable = '', fileno $asked, 1) = 1;
        next unless select($readable, undef, undef, 0.1) > 0;

        my $line = readline($asked) // next;
        my ($name, @arguments) = split ' ', $line;
        my $result = eval { $act{$name}->($self, @arguments) };

        $result = { error => $@ } if $@;
        $result = {} unless ref $result eq 'HASH';
        print {$answered} JSON::PP::encode_json($result), "\n";
    }
}


1;
