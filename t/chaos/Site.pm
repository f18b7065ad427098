package Site;

# What the chaos run breaks: Redis, PostgreSQL and an nginx with two workers
# between them, and what can be done to each.
#
#     my $site = Site->new(store => 'tls');
#     $site->break(redis => 'kill');      # stop, pause, cut
#     $site->mend('redis', empty => 1);
#     $site->drop('postgres');            # all of nginx's connections, once
#
# "store" is the kind of Redis: "redis", the default, "tls", "cluster" or
# "sentinel"; the last two are those of t/chaos/Group.pm.
#
# Each store lives in a network of its own that can be cut.  Where that is not
# permitted, and for the servers of a Group always, they listen on loopback and
# cannot be cut.

use strict;
use warnings;

use Carp qw(croak);
use List::Util qw(max);
use Time::HiRes qw(sleep time);

use Group;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Network;
use Test::Prize::Roster;

use constant WORKERS => 2;


# The kinds of Redis.  Each is given where it is to live, starts it there, but
# for a Group, and returns it, and the directives by which nginx reaches it.

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

    cluster => sub { return (Group::Cluster->start,
                             'prize_redis_cluster on;') },
    sentinel => sub { return (Group::Sentinel->start,
                              'prize_redis_sentinel employees;') },
);


sub new {
    my ($class, %option) = @_;
    my $kind = $kinds{ $option{store} // 'redis' }
        // croak "no store \"$option{store}\": want "
                 . join ' or ', sort keys %kinds;
    my @networks = grep { defined } map { Test::Prize::Network->new } 1, 2;
    my $self = bless { port => free_port(), most => 0 }, $class;

    if (@networks < 2) {
        print 'nothing is cut: ', Test::Prize::Network->why_not;
        @networks = ();
    }

    @$self{qw(redis directives)} = $kind->(far(shift @networks),
        options => [qw(--protected-mode no)]);
    $self->{postgres} = Site::Postgres->start(far(shift @networks),
        hba => "local all all trust\nhost all all 0.0.0.0/0 trust\n");
    $self->{roster} = Test::Prize::Roster->create($self->{postgres});
    $self->load;

    # what it is started from, unless it is to be empty
    $self->{redis}->save;
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
    my $servers = join ' ', map { "server $_ max_fails=0;" }
                            $redis->seeds;
    my $primary = !$self->{redis}->isa('Group') ? '' : <<'CONF';
        location = /primary {
            prize_page gift.html;
            prize_redis_read_from primary;
        }
CONF

    $self->{nginx} = Site::Nginx->start(workers => WORKERS,
        connections => 4096, files => { 'gift.html' => $page },
        http => <<"CONF");
    upstream employees { $servers }

    prize_postgres hr "$conninfo" queue=4096;

    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    add_header X-Source \$prize_source always;
    add_header X-Result \$prize_result always;
    add_header X-Worker \$pid always;
    add_header X-Asked \$upstream_addr always;
    add_header X-Answers \$upstream_status always;

    server {
        listen 127.0.0.1:$self->{port} backlog=4096;

        prize_redis_pass employees;
        $self->{directives}
        prize_postgres_pass hr;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";

        location = /h5 { prize_page gift.html; }
$primary
        location = /status { prize_status json; }
    }
CONF
}


sub port  { return $_[0]{port} }
sub ids   { return $_[0]{roster}->ids }
sub nginx { return $_[0]{nginx} }
sub group { my $redis = $_[0]{redis}; return $redis->isa('Group') && $redis }


# what is asked for in turn: "/primary" never reads a replica

sub paths { return $_[0]->group ? qw(/h5 /primary) : '/h5' }


sub load {
    my ($self) = @_;

    $self->{redis}->load($self->{roster});
}


sub can_cut {
    my ($self, $name) = @_;

    return $self->{$name}{network};
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


# Waits until every worker is connected to a store, to each primary of a Group;
# the seconds it took, or nothing if that is more than the limit.  Both ends of
# a connection know of it before the worker has read that it may use it: hence
# the pause.

sub used {
    my ($self, $name, $limit) = @_;
    my $start = time;

    while (time < $start + $limit) {
        if ($self->connected($name)) {
            my $seconds = time - $start;
            sleep 0.5;
            return $seconds;
        }

        sleep 0.05;
    }

    return undef;
}


sub connected {
    my ($self, $name) = @_;
    my $store = $self->{$name};
    my $connections = $self->connections($name, [$store->ports]);
    my @workers = $self->{nginx}->workers;

    return 0 if @workers != WORKERS;

    for my $address ($store->primary_addresses) {
        return 0 if grep { !$connections->{"$_ $address"} } @workers;
    }

    return 1;
}


# How many connections each worker has to each server of a store, by
# "WORKER ADDRESS"; with a list of ports only those from there.

sub connections {
    my ($self, $name, $ports) = @_;
    my $store = $self->{$name};
    my %known = map { $_ => 1 } @{ $ports // [] };
    my %worker = map { $_ => 1 } $self->{nginx}->workers;
    my @filter = map { ('or', 'dst', $_) } $store->addresses;
    my ($status, $out, $err) = run(qw(ss -tnpH state established),
                                   @filter[1 .. $#filter]);
    my %connections;

    croak "ss: $err" if $status;

    while ($out =~ /:(\d+)\s+(\S+)\s+users:.*?pid=(\d+)/g) {
        $connections{"$3 $2"}++
            if $worker{$3} && (!$ports || $known{$1});
    }

    $self->{most} = max($self->{most}, values %connections)
        if $name eq 'redis';
    return \%connections;
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


sub seeds             { return $_[0]->address }
sub addresses         { return $_[0]->address }
sub primary_addresses { return $_[0]->address }


sub load {
    my ($self, $roster) = @_;

    $roster->load($self);
}


sub save { $_[0]->command('SAVE') }


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


# Those of its clients: what was cut may be known to one end only.

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


sub addresses { return "$_[0]{address}:$_[0]{port}" }
sub primary_addresses { return addresses(@_) }


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
