package Fleet;

# Three hosts with the module, a Redis Cluster of three primaries, and a
# PostgreSQL primary with a standby: eight machines on a Bridge, which also has
# the balancer and the clients.
#
#     my $fleet = Fleet->new;
#     my @hosts = $fleet->hosts;           # Test::Prize::Nginx, each
#     $fleet->whole;                       # returns when all is connected
#     my $balancer = $fleet->balance('haproxy');
#
# It is whom t/chaos/Load.pm asks, with IDs of which each tenth is in PostgreSQL
# alone.

use strict;
use warnings;

use Carp qw(croak);
use Time::HiRes qw(sleep);

use Bridge;
use Site;
use Test::Prize;
use Test::Prize::Balancer;
use Test::Prize::Certificates;
use Test::Prize::Cluster;
use Test::Prize::Roster;

use constant { HOSTS => 3, PRIMARIES => 3, WORKERS => 2, POOL => 2,
               ROWS => 2000 };


sub new {
    my ($class) = @_;
    my $bridge = Bridge->new('10.0.0.2');
    my $self = bless { bridge => $bridge }, $class;

    $self->{redis} = Fleet::Cluster->start(primaries => PRIMARIES,
        options => [qw(--protected-mode no)],
        places => [map { place($bridge, "redis$_", "10.0.0.2$_") }
                   1 .. PRIMARIES]);
    $self->{primary} = Fleet::Postgres->start(
        place($bridge, 'postgres1', '10.0.0.31'));
    $self->{roster} = Test::Prize::Roster->create($self->{primary},
                                                  rows => ROWS);
    $self->{standby} = Fleet::Postgres->follow($self->{primary},
        place($bridge, 'postgres2', '10.0.0.32'));

    my @ids = @{ $self->{roster}->ids };

    $self->{cached} = [@ids[grep { $_ % 10 } 0 .. $#ids]];
    $self->{redis}->load($self->{roster}, ids => $self->{cached});
    $self->{certificate} = Test::Prize::Certificates->new->issue('h5',
        names => 'DNS:h5.example.com');
    $self->{hosts} = [map { $self->host($_) } 1 .. HOSTS];
    $self->whole;
    return $self;
}


sub place {
    my ($bridge, $name, $address) = @_;

    return { network => $bridge->machine($name, $address),
             address => $address };
}


sub host {
    my ($self, $n) = @_;
    my $seeds = join ' ', map { "server $_ max_fails=0;" }
                map { $_->address } $self->{redis}->nodes;
    my @postgres = @$self{qw(primary standby)};
    my $addresses = join ',', map { $_->{address} } @postgres;
    my $ports = join ',', map { $_->{port} } @postgres;
    my $tls = $self->{certificate};

    my $nginx = Fleet::Host->prepare(workers => WORKERS, connections => 4096,
        files => { 'gift.html' => slurp(root() . '/conf/pages/gift.html') },
        http => <<"CONF");
    upstream employees { $seeds }

    prize_postgres hr "hostaddr=$addresses port=$ports user=postgres
                       dbname=$self->{roster}{name}"
                   connections=@{[ POOL ]} queue=4096;

    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    add_header X-Source \$prize_source always;
    add_header X-Result \$prize_result always;
    add_header X-Worker host$n always;

    server {
        listen 80 backlog=4096;
        listen 443 ssl backlog=4096;
        ssl_certificate $tls->{certificate};
        ssl_certificate_key $tls->{key};
        ssl_protocols TLSv1.2 TLSv1.3;

        prize_redis_pass employees;
        prize_redis_cluster on;
        prize_postgres_pass hr;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";
        prize_write_back off;

        location = /h5 { prize_page gift.html; }
        location = /status { prize_status json; }
        location = /ready { prize_status ready; }
    }
CONF

    %$nginx = (%$nginx, %{ place($self->{bridge}, "host$n", "10.0.0.1$n") },
               name => "host$n");
    return $nginx->start;
}


sub hosts  { return @{ $_[0]{hosts} } }
sub bridge { return $_[0]{bridge} }

# what t/chaos/Load.pm asks for
sub port   { return 80 }
sub paths  { return '/h5' }
sub ids    { return $_[0]{roster}->ids }


# a sample as it stands: the hosts are where it says

sub balance {
    my ($self, $kind) = @_;

    return Test::Prize::Balancer->start($kind);
}


# returns when every host has all its connections to both stores

sub whole {
    my ($self) = @_;

    eventually { !grep { !$_->whole } $self->hosts } 'all connections', 120;
}


# of the module, at each node of Redis and at both servers of PostgreSQL

sub connections {
    my ($self) = @_;
    my @postgres = map { $_->sql(q{SELECT count(*) FROM pg_stat_activity
                                   WHERE application_name = 'nginx'}) }
                   @$self{qw(primary standby)};

    return ([$self->{redis}->connections], \@postgres);
}


package Fleet::Host;

use strict;
use warnings;

our @ISA = qw(Site::Far Test::Prize::Nginx);


sub url { return "http://$_[0]{address}$_[1]" }


sub is_ready {
    my ($self) = @_;

    return $self->get($self->url('/ready'))->{status} == 200;
}


sub whole {
    my ($self) = @_;
    my $status = eval { $self->status($self->url('/status')) } // return 0;

    return $status->{redis_connections} == Fleet::WORKERS * Fleet::PRIMARIES
           && $status->{postgres_connections}
              == Fleet::WORKERS * Fleet::POOL;
}


# as a power cut does, but that its kernel says so

sub kill {
    my ($self) = @_;

    CORE::kill('KILL', $self->{pid}, $self->workers);
    return $self->stop('KILL');
}


# finishes what it has, and is there again

sub drain { $_[0]->stop('QUIT') }


sub come_back {
    my ($self) = @_;

    $self->start;
    Test::Prize::eventually(sub { $self->is_ready }, "$self->{name} ready");
}


package Fleet::Cluster;

# nodes that live elsewhere

use strict;
use warnings;

our @ISA = qw(Test::Prize::Cluster);


sub add {
    my ($self) = @_;

    return $self->SUPER::add(class => 'Fleet::Node',
                             %{ shift @{ $self->{places} } });
}


package Fleet::Node;

use strict;
use warnings;

our @ISA = qw(Site::Redis Test::Prize::Cluster::Node);


package Fleet::Postgres;

use strict;
use warnings;

use Carp qw(croak);

our @ISA = qw(Site::Postgres);

use constant HBA => join '', map { "$_\n" }
    'local all all trust', 'host all all 10.0.0.0/24 trust',
    'host replication all 10.0.0.0/24 trust';


sub start {
    my ($class, $place) = @_;

    return $class->SUPER::start if ref $class;
    return $class->SUPER::start(hba => HBA, %$place);
}


# a standby of another one

sub follow {
    my ($class, $primary, $place) = @_;
    my $self = $class->attach(port => Test::Prize::free_port(),
                              dir => $class->new_dir('standby'), %$place);

    Test::Prize::Postgres::give($self->{dir});
    $self->spawn(user => $self->user, command => [
        $self->bindir . '/pg_basebackup', '-R', '-c', 'fast', '-D',
        "$self->{dir}/data", '-h', $primary->{address}, '-p',
        $primary->{port}, '-U', 'postgres']);
    waitpid $self->{pid}, 0;
    delete $self->{pid};
    croak 'pg_basebackup: ' . $self->output if $?;

    $self->launch;
    return $self->await('the standby', sub {
        eval { $self->sql('SELECT pg_is_in_recovery()') eq 't' };
    });
}


1;
