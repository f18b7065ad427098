package Site;

# What the chaos run breaks: Redis, PostgreSQL and an nginx with two workers
# between them, and what can be done to each.
#
#     my $site = Site->new(store => 'tls');
#     $site->break(redis => 'kill');      # stop, pause, cut
#     $site->mend('redis', empty => 1);
#     $site->drop('postgres');            # all of nginx's connections, once
#
# "store" is the kind of Redis: "redis", the default, or "tls".
#
# Each store lives in a network of its own that can be cut.  Where that is not
# permitted "networks" is false, they listen on loopback, and nothing can be
# cut.

use strict;
use warnings;

use Carp qw(croak);
use Time::HiRes qw(sleep time);

use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Network;
use Test::Prize::Roster;

use constant WORKERS => 2;


# The kinds of Redis.  Each is given where it is to live, starts it there and
# returns it, and the directives by which nginx reaches it.

my %kinds = (
    redis => sub { return (Site::Redis->start(@_), '') },

    tls => sub {
        my (%option) = @_;
        my $ca = Test::Prize::Certificates->new;
        my $own = $ca->issue('redis', names => "IP:$option{address}");

        return (Site::Redis->start(%option, tls => $own), <<"CONF");
            prize_redis_ssl on;
            prize_redis_ssl_trusted_certificate $ca->{file};
CONF
    },
);


sub new {
    my ($class, %option) = @_;
    my $kind = $kinds{ $option{store} // 'redis' }
        // croak "no store \"$option{store}\": want "
                 . join ' or ', sort keys %kinds;
    my @networks = grep { defined } map { Test::Prize::Network->new } 1, 2;
    my $self = bless { port => free_port() }, $class;

    $self->{networks} = \@networks if @networks == 2;
    print 'nothing is cut: ', Test::Prize::Network->why_not
        unless $self->{networks};

    @$self{qw(redis directives)} = $kind->(far(shift @networks),
        options => [qw(--protected-mode no)]);
    $self->{postgres} = Site::Postgres->start(far(shift @networks),
        hba => "local all all trust\nhost all all 0.0.0.0/0 trust\n");
    $self->{roster} = Test::Prize::Roster->create($self->{postgres});
    $self->load;

    # what it is started from, unless it is to be empty
    $self->{redis}->command('SAVE');
    $self->start_nginx;

    return $self;
}


sub far {
    my ($network) = @_;

    return $network ? (network => $network, address => $network->{address})
                    : (address => '127.0.0.1');
}


sub start_nginx {
    my ($self) = @_;
    my ($redis, $postgres) = @$self{qw(redis postgres)};
    my $conninfo = $postgres->address_conninfo($self->{roster}{name});
    my $page = slurp(root() . '/conf/pages/gift.html');

    $self->{nginx} = Site::Nginx->start(workers => WORKERS,
        connections => 4096, files => { 'gift.html' => $page },
        http => <<"CONF");
    upstream employees {
        server @{[ $redis->address ]} max_fails=0;
    }

    prize_postgres hr "$conninfo" queue=4096;

    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    add_header X-Source \$prize_source always;
    add_header X-Result \$prize_result always;
    add_header X-Worker \$pid always;

    server {
        listen 127.0.0.1:$self->{port} backlog=4096;

        location = /h5 {
            prize_page gift.html;
            prize_redis_pass employees;
            $self->{directives}
            prize_postgres_pass hr;
            prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";
        }

        location = /status { prize_status json; }
    }
CONF
}


sub port  { return $_[0]{port} }
sub ids   { return $_[0]{roster}->ids }
sub nginx { return $_[0]{nginx} }


sub load {
    my ($self) = @_;

    $self->{roster}->load($self->{redis});
}


sub break {
    my ($self, $name, $how) = @_;
    my $store = $self->{$name};

    $store->{broken} = $how;
    return $store->{network}->cut if $how eq 'cut';
    return $store->$how;
}


# returns when it takes connections again

sub mend {
    my ($self, $name, %option) = @_;
    my $store = $self->{$name};
    my $how = delete $store->{broken} // croak "$name is not broken";

    return $store->{network}->mend if $how eq 'cut';
    return $store->resume if $how eq 'pause';
    return $option{empty} ? $store->start_empty : $store->start;
}


sub drop {
    my ($self, $name) = @_;

    $self->{$name}->drop;
}


# Waits until every worker is connected to a store; the seconds it took, or
# nothing if that is more than the limit.  Both ends of a connection are there
# before the worker has read that it may use it: hence the pause.

sub used {
    my ($self, $name, $limit) = @_;
    my $start = time;

    while (time < $start + $limit) {
        my @connections = $self->connections($name);

        if (@connections == WORKERS && !grep { $_ == 0 } @connections) {
            my $seconds = time - $start;
            sleep 0.5;
            return $seconds;
        }

        sleep 0.05;
    }

    return undef;
}


# How many connections each worker has to a store, counted where both ends
# know of them: what was cut may be known to one end only.

sub connections {
    my ($self, $name) = @_;
    my $store = $self->{$name};
    my %known = map { $_ => 1 } $store->ports;
    my %connections = map { $_ => 0 } $self->{nginx}->workers;
    my ($status, $out, $err) = run(qw(ss -tnpH state established dst),
                                   "$store->{address}:$store->{port}");

    croak "ss: $err" if $status;

    while ($out =~ /:(\d+)\s+\S+\s+users:.*?pid=(\d+)/g) {
        $connections{$2}++ if $known{$1} && exists $connections{$2};
    }

    return values %connections;
}


sub status {
    my ($self) = @_;

    return $self->{nginx}->status("http://127.0.0.1:$self->{port}/status");
}


package Site::Far;

# a server that is started in its network, with an address of its own there

use strict;
use warnings;


sub spawn {
    my ($self, %option) = @_;

    if ($self->{network}) {
        my $user = delete $option{user};

        unshift @{ $option{command} },
            qw(ip netns exec), $self->{network}{name},
            $user ? ('setpriv', '--reuid', $user, '--regid',
                     (getpwnam $user)[3], '--clear-groups') : ();
    }

    return $self->Test::Prize::Process::spawn(%option);
}


package Site::Redis;

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::UNIX ();

our @ISA = qw(Site::Far Test::Prize::Redis);


# that way is never cut

sub connect {
    my ($self) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $self->{socket}, Timeout => 60)
        or croak "Redis at $self->{socket}: $!";

    $socket->autoflush(1);
    return $socket;
}


sub start_empty {
    my ($self) = @_;
    my $dump = "$self->{dir}/dump.rdb";

    rename $dump, "$dump.kept" or croak "$dump: $!";
    $self->start;
    rename "$dump.kept", $dump or croak "$dump: $!";
    return $self;
}


sub drop {
    my ($self) = @_;

    $self->command(qw(CLIENT KILL TYPE normal SKIPME yes));
}


# those of its clients

sub ports {
    my ($self) = @_;

    return map { / addr=[\d.]+:(\d+)/ } $self->clients;
}


package Site::Postgres;

use strict;
use warnings;

our @ISA = qw(Site::Far Test::Prize::Postgres);


# that way is never cut

sub address {
    my ($self, $dbname) = @_;

    return $self->socket_conninfo($dbname);
}

sub conninfo { return address(@_) }


sub address_conninfo {
    my ($self, $dbname) = @_;

    return "hostaddr=$self->{address} port=$self->{port} user=postgres"
           . " dbname=$dbname";
}


# all of its processes at once

sub kill {
    my ($self) = @_;
    my @children = $self->children;

    CORE::kill('KILL', $self->{pid}, @children);
    $self->stop('KILL');
    Test::Prize::eventually(sub { !grep { CORE::kill(0, $_) } @children },
                            'the end of the backends');
    return $self;
}


my $of_nginx = "client_addr IS NOT NULL AND backend_type = 'client backend'";


sub drop {
    my ($self) = @_;

    $self->sql('SELECT count(pg_terminate_backend(pid))'
               . " FROM pg_stat_activity WHERE $of_nginx");
}


sub ports {
    my ($self) = @_;

    return split /\n/, $self->sql('SELECT client_port FROM pg_stat_activity'
        . " WHERE $of_nginx AND state IN ('idle', 'active')");
}


package Site::Nginx;

# Its first parent goes once it is there, as that of a daemon: a master whose
# parent is still the first one ignores the signal to start another binary.

use strict;
use warnings;

use Carp qw(croak);

our @ISA = qw(Test::Prize::Nginx);


sub start {
    my ($self, %option) = @_;

    $self = $self->prepare(%option) unless ref $self;

    $self->spawn(command => ['/bin/sh', '-c',
                             '"$@" & until [ -s $0/nginx.pid ]; do sleep 0.1;'
                             . " kill -0 \$! || exit; done", $self->{dir},
                             $self->{binary}, '-p', "$self->{dir}/",
                             '-c', "$self->{dir}/nginx.conf", '-e',
                             "$self->{dir}/error.log"]);
    waitpid $self->{pid}, 0;
    return $self->adopt;
}


sub adopt {
    my ($self) = @_;

    croak 'nginx: ' . Test::Prize::slurp("$self->{dir}/output.log")
        unless -s "$self->{dir}/nginx.pid";
    $self->{pid} = 0 + Test::Prize::slurp("$self->{dir}/nginx.pid");
    delete $self->{owner};
    return $self->await('nginx', sub { $self->workers });
}


# A binary upgrade: the new master takes over, and the old one, which is
# returned, ends when its last worker has ended.

sub upgrade {
    my ($self) = @_;
    my $old = Test::Prize::Process->attach(pid => $self->{pid});
    my $file = "$self->{dir}/nginx.pid";

    $self->signal('USR2');
    Test::Prize::eventually(sub { -s "$file.oldbin" && -s $file },
                            'the new master');
    $self->adopt;

    return $old->signal('QUIT');
}


1;
