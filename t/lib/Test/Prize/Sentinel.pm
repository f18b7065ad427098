package Test::Prize::Sentinel;

# A Redis with replicas, and Sentinels that watch it, all of them real servers.
#
#     my $group = Test::Prize::Sentinel->start(replicas => 2);
#     $group->load($roster);
#     my $old = $group->master;
#     $old->kill;
#     my $new = $group->elected($old);         # or: $group->fail_over
#
#     ... Test::Prize::Fault->new(redis => [$group->sentinels],
#             location => 'prize_redis_sentinel employees;')
#
# "start" also takes "sentinels", 3; "down_after" and "timeout", in
# milliseconds; "options" of each Redis, and "tls", as a Redis does; "lines" of
# the Sentinels' configuration, "password", which they then want, and
# "announced", the name by which they watch the master in place of its address.

use strict;
use warnings;

use Carp qw(croak);

use Test::Prize;

use constant NAME => 'employees';


sub start {
    my ($class, %option) = @_;
    my $self = bless { replicas => 1, sentinels => 3, down_after => 2000,
                       timeout => 4000, options => [], lines => '',
                       %option }, $class;

    $self->{redis} = [map { $self->add } 0 .. $self->{replicas}];

    my ($master, @replicas) = @{ $self->{redis} };

    $_->command('REPLICAOF', '127.0.0.1', $master->{port}) for @replicas;
    $self->synchronised($master);

    $self->{watch} = [map { $self->watch($master) } 1 .. $self->{sentinels}];
    return $self->settle;
}


sub add {
    my ($self) = @_;

    return Test::Prize::Redis->start(tls => $self->{tls}, options => [
        '--repl-diskless-sync-delay', 0,
        $self->{tls} ? qw(--tls-replication yes) : (),
        @{ $self->{options} }]);
}


sub watch {
    my ($self, $master) = @_;
    my ($name, $tls) = (NAME, $self->{tls});
    my $host = $self->{announced} // '127.0.0.1';
    my $quorum = int($self->{sentinels} / 2) + 1;
    my $port = free_port();
    my $dir = Test::Prize::Redis->new_dir('sentinel');
    my $password = $self->{password};

    spew("$dir/sentinel.conf", join "\n",
        $tls ? ('port 0', "tls-port $port", 'tls-replication yes',
                "tls-cert-file $tls->{certificate}",
                "tls-key-file $tls->{key}", "tls-ca-cert-file $tls->{ca}",
                'tls-auth-clients no')
             : "port $port",
        'bind 127.0.0.1', "dir $dir", "unixsocket $dir/redis.sock",
        'unixsocketperm 777',
        $self->{announced} ? ('sentinel resolve-hostnames yes',
                              'sentinel announce-hostnames yes') : (),
        "sentinel monitor $name $host $master->{port} $quorum",
        "sentinel down-after-milliseconds $name $self->{down_after}",
        "sentinel failover-timeout $name $self->{timeout}",
        defined $password ? ("requirepass $password",
                             "sentinel sentinel-pass $password") : (),
        $self->{lines}, '');

    return Test::Prize::Sentinel::Server->start(dir => $dir, port => $port,
        socket => "$dir/redis.sock", tls => $tls, password => $password);
}


sub redis     { return @{ $_[0]{redis} } }
sub sentinels { return @{ $_[0]{watch} } }


# the lines by which a location finds them; with the authority of "tls", and
# the certificate that nginx shows, if there are any

sub directives {
    my ($self, $ca, $us) = @_;
    my ($sentinel) = $self->sentinels;
    my %ssl = ($ca ? ('' => 'on', _trusted_certificate => $ca->{file}) : (),
               $us ? (_certificate => $us->{certificate},
                      _certificate_key => $us->{key}) : ());

    return join ' ', "prize_redis_pass @{[ $sentinel->address ]};",
                     "prize_redis_sentinel @{[ NAME ]};",
                     map { "prize_redis_ssl$_ $ssl{$_};" } sort keys %ssl;
}


# of those that run

sub living { return grep { $_->{pid} } @_ }


# Returns when all Sentinels that run know the others and every replica.

sub settle {
    my ($self) = @_;
    my @watch = living($self->sentinels);
    my $others = @watch - 1;
    my $replicas = living($self->redis) - 1;

    eventually {
        for my $sentinel (@watch) {
            my %known = @{ $sentinel->command('SENTINEL', 'MASTER', NAME) };

            return 0 if $known{flags} ne 'master'
                || $known{'num-slaves'} < $replicas
                || $known{'num-other-sentinels'} < $others;
        }
        return 1;
    } 'Sentinels that know each other', 120;

    return $self;
}


# the one that most Sentinels name, if they do

sub master {
    my ($self) = @_;
    my %votes;

    for my $sentinel (living($self->sentinels)) {
        my $address = $sentinel->command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME',
                                         NAME);
        $votes{$address->[1]}++;
    }

    my ($port) = sort { $votes{$b} <=> $votes{$a} } keys %votes;

    return (grep { $_->{port} == $port } $self->redis)[0]
           // croak "no Redis on port $port";
}


sub replicas {
    my ($self) = @_;
    my $master = $self->master;

    return grep { $_ != $master } living($self->redis);
}


# the one that has come after another: all Sentinels name it, and it knows

sub elected {
    my ($self, $old) = @_;

    return eventually {
        my @named = map { $_->command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME',
                                      NAME)->[1] }
                    living($self->sentinels);
        my $new = $self->master;

        return $new != $old && !(grep { $_ != $new->{port} } @named)
               && $new->command('ROLE')->[0] eq 'master' && $new;
    } 'an election', 120;
}


# the Sentinels' own, while all live

sub fail_over {
    my ($self) = @_;
    my $old = $self->master;

    ($self->sentinels)[0]->command('SENTINEL', 'FAILOVER', NAME);

    my $new = $self->elected($old);

    $self->synchronised;
    return $new;
}


# how often they tell each other, and Redis, who is the master: one that comes
# back is told after four times as long

sub publish_period {
    my ($self, $milliseconds) = @_;

    $_->publish_period($milliseconds) for living($self->sentinels);
}


# Returns when the replicas that run have what the master has, who is that of
# the Sentinels.  Redis ends the connections of whoever changes his role.

sub synchronised {
    my ($self, $master) = @_;

    eventually { eval { $self->is_synchronised($master // $self->master) } }
               'replicas that have it all', 120;
}


sub is_synchronised {
    my ($self, $master) = @_;
    my (undef, $offset) = @{ $master->command('ROLE') };

    for my $replica (grep { $_ != $master } living($self->redis)) {
        my ($role, undef, $port, $state, $at) = @{ $replica->command('ROLE') };

        return 0 if $role ne 'slave' || $port != $master->{port}
                    || $state ne 'connected' || $at < $offset;
    }

    return 1;
}


# with "lag" the replicas may be late

sub load {
    my ($self, $roster, %option) = @_;
    my $master = $self->master;

    $roster->load($master, %option);
    $self->synchronised unless $option{lag};
    return $self;
}


package Test::Prize::Sentinel::Server;

use strict;
use warnings;

our @ISA = qw(Test::Prize::Redis);


sub start {
    my ($self, @option) = @_;

    # it has the port and the folder that its configuration names
    $self = $self->attach(@option) if !ref $self;
    $self->SUPER::start;

    # a machine that is busy is none whose clock jumps
    $self->command(qw(SENTINEL DEBUG tilt-trigger 60000 info-period 500));
    return $self->publish_period(200);
}


# it writes there what it has learnt

sub launch {
    my ($self) = @_;

    return $self->spawn(command => [
        $ENV{TEST_NGINX_REDIS_SERVER} // 'redis-server',
        "$self->{dir}/sentinel.conf", '--sentinel']);
}


sub publish_period {
    my ($self, $milliseconds) = @_;

    $self->command(qw(SENTINEL DEBUG publish-period), $milliseconds);
    return $self;
}


sub commands {
    my ($self, @commands) = @_;

    return $self->SUPER::commands(@commands) unless defined $self->{password};

    my (undef, @answers) = $self->SUPER::commands(['AUTH', $self->{password}],
                                                  @commands);
    return @answers;
}


1;
