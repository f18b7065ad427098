package Site;

# What the chaos run breaks: Redis, PostgreSQL and an nginx with two workers
# between them, and what can be done to each.
#
#     my $site = Site->new;
#     $site->break(redis => 'kill');      # stop, pause, cut
#     $site->mend('redis', empty => 1);
#     $site->drop('postgres');            # all of nginx's connections, once
#
# Each store lives in a network of its own that can be cut.  Where that is not
# permitted "networks" is false, they listen on loopback, and nothing can be
# cut.

use strict;
use warnings;

use Carp qw(croak);
use Socket ();
use Time::HiRes qw(sleep time);

use Test::Prize;
use Test::Prize::Network;
use Test::Prize::Roster;

use constant WORKERS => 2;


sub new {
    my ($class) = @_;
    my @networks = grep { defined } map { Test::Prize::Network->new } 1, 2;
    my $self = bless { port => free_port() }, $class;

    $self->{networks} = \@networks if @networks == 2;
    print 'nothing is cut: ', Test::Prize::Network->why_not
        unless $self->{networks};

    $self->{redis} = Site::Redis->start(far(shift @networks));
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
        server $redis->{address}:$redis->{port} max_fails=0;
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
    my $redis = $self->{redis};
    my ($status, undef, $err) = run(prizectl(), 'load',
        '--postgres', $self->{roster}->conninfo,
        '--redis', "redis://$redis->{address}:$redis->{port}/0",
        '--query', 'SELECT * FROM employee');

    croak "prizectl load: $err" if $status;
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
    return $store->start_again(%option);
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
    my $sockets = sockets($self->{$name});
    my %known = map { $_ => 1 } $self->{$name}->ports;
    my @connections;

    for my $worker ($self->{nginx}->workers) {
        my @inodes = map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/ }
                     glob "/proc/$worker/fd/*";
        push @connections, scalar grep { my $port = $sockets->{$_};
                                         $port && $known{$port} } @inodes;
    }

    return @connections;
}


# the established connections to a server: their own ports, by inode

sub sockets {
    my ($store) = @_;
    my $remote = sprintf '%08X:%04X',
        unpack('L', Socket::inet_aton($store->{address})), $store->{port};
    my %port;

    for (split /\n/, slurp('/proc/net/tcp')) {
        my (undef, $local, $far, $state, @more) = split;
        next unless $far eq $remote && $state eq '01';
        $port{ $more[5] } = hex((split /:/, $local)[1]);
    }

    return \%port;
}


sub status {
    my ($self) = @_;

    return $self->{nginx}->status("http://127.0.0.1:$self->{port}/status");
}


package Site::Far;

# a server that is started in its network, with an address of its own there

use strict;
use warnings;


sub within {
    my ($self, %option) = @_;

    return %option unless $self->{network};

    my @user = $option{user}
        ? ('setpriv', '--reuid', $option{user}, '--regid',
           (getpwnam $option{user})[3], '--clear-groups') : ();

    return (command => ['ip', 'netns', 'exec', $self->{network}{name}, @user,
                        @{ $option{command} }]);
}


package Site::Redis;

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::UNIX ();

our @ISA = qw(Site::Far Test::Prize::Redis);


sub spawn {
    my ($self, %option) = @_;

    push @{ $option{command} }, '--bind', $self->{address},
         '--protected-mode', 'no', '--dbfilename', 'dump.rdb';
    return $self->Test::Prize::Redis::spawn($self->within(%option));
}


# that way is never cut

sub connect {
    my ($self) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $self->{socket}, Timeout => 60)
        or croak "Redis at $self->{socket}: $!";

    $socket->autoflush(1);
    return $socket;
}


sub start_again {
    my ($self, %option) = @_;
    my $dump = "$self->{dir}/dump.rdb";

    rename $dump, "$dump.kept" or croak "$dump: $!" if $option{empty};
    $self->start;
    rename "$dump.kept", $dump or croak "$dump: $!" if $option{empty};
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


sub spawn {
    my ($self, %option) = @_;

    push @{ $option{command} }, '-c', "listen_addresses=$self->{address}"
        if $option{command}[0] =~ m{/postgres$};
    return $self->Test::Prize::Postgres::spawn($self->within(%option));
}


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


sub start_again {
    my ($self) = @_;

    return $self->start;
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
    return $self->await('nginx', sub { $self->workers });
}


# without a look at each process of the machine

sub children {
    my ($self) = @_;
    my $pid = $self->{pid};

    return split ' ', eval {
        Test::Prize::slurp("/proc/$pid/task/$pid/children");
    } // '';
}


# nobody may wait for it but init, which may be in no hurry

sub alive {
    my ($self) = @_;
    my $stat = eval { Test::Prize::slurp("/proc/$self->{pid}/stat") } // '';

    return $stat =~ /\) [^Z] /;
}


# its workers, of any master, that are on their way out

sub leaving {
    my ($self) = @_;
    my @leaving;

    for my $file (glob '/proc/[0-9]*/cmdline') {
        my $title = eval { Test::Prize::slurp($file) } // next;
        next unless $title =~ /worker process is shutting down/;
        my ($pid) = $file =~ /(\d+)/;
        my $maps = eval { Test::Prize::slurp("/proc/$pid/maps") } // next;
        push @leaving, $pid if $maps =~ /\Q@{[ Test::Prize::module() ]}\E/;
    }

    return @leaving;
}


# a binary upgrade: the new master takes over, the old one ends gracefully

sub upgrade {
    my ($self) = @_;
    my $old = $self->{pid};
    my $file = "$self->{dir}/nginx.pid";

    $self->signal('USR2');
    Test::Prize::eventually(sub { -s "$file.oldbin" && -s $file },
                            'the new master');
    $self->adopt;

    CORE::kill('QUIT', $old);
    return $old;
}


1;
