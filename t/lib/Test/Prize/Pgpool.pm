package Test::Prize::Pgpool;

# pgpool in front of all databases of one server.
#
#     my $pgpool = Test::Prize::Pgpool->start($postgres)
#         or plan skip_all => 'no pgpool';
#     ... "hostaddr=127.0.0.1 port=$pgpool->{port}" ...

use strict;
use warnings;

use Carp qw(croak);

use Test::Prize;

our @ISA = qw(Test::Prize::Process);


sub start {
    my ($class, $server) = @_;
    my ($program) = grep { -x } map { "$_/pgpool" } split /:/, $ENV{PATH};
    my $self = $class->attach(dir => $class->new_dir('pgpool'),
                              port => free_port(), control => free_port());
    my $dir = $self->{dir};

    return undef unless $program;

    $self->configure($server);

    # it is its own guard: "-n" keeps it where it was started
    $self->spawn(user => Test::Prize::Postgres->user, command =>
        [$program, '-n', '-f', "$dir/pgpool.conf", '-F', "$dir/pcp.conf"]);

    return $self->await("pgpool on port $self->{port}", sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                              PeerPort => $self->{port});
    });
}


sub configure {
    my ($self, $server) = @_;
    my $dir = $self->{dir};

    spew("$dir/pcp.conf", '');
    spew("$dir/pgpool.conf", <<"CONF");
backend_clustering_mode = 'raw'
listen_addresses = '127.0.0.1'
port = $self->{port}
socket_dir = '$dir'
unix_socket_directories = '$dir'
pcp_listen_addresses = '127.0.0.1'
pcp_port = $self->{control}
pcp_socket_dir = '$dir'
backend_hostname0 = '127.0.0.1'
backend_port0 = $server->{port}
enable_pool_hba = off
pool_passwd = ''
num_init_children = 8
max_pool = 1
health_check_period = 0
failover_on_backend_error = off
pid_file_name = '$dir/pgpool.pid'
logdir = '$dir'
work_dir = '$dir'
CONF
    Test::Prize::Postgres::give($_)
        for $dir, "$dir/pcp.conf", "$dir/pgpool.conf";
}


sub stop_signal { return 'INT' }


1;
