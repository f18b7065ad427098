package Test::Prize;

# Servers for tests: Redis, PostgreSQL and nginx on loopback, each a process
# that a test can stop, kill, pause and start again.
#
#     my $redis = Test::Prize::Redis->start;
#     my $postgres = shared_postgres();
#     my $nginx = Test::Prize::Nginx->start(http => <<~"CONF", workers => 2);
#         server { listen 127.0.0.1:$port; ... }
#         CONF
#
# "make test" runs each file inside of t/servers, which gives it a folder and a
# port of its own.  What a test starts ends with the test.

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use HTTP::Tiny ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
    root run_dir module prizectl sanitized free_port eventually slurp spew run
    shared_redis shared_postgres @gauges $patient
);


# of "prize_status json": what is zero when nobody waits for anything

our @gauges = qw(requests_in_flight redis_commands_in_flight
                 postgres_queue_length postgres_lookups_in_flight);


# budgets of the stores, so that a machine that is busy looks like no fault

our $patient = 'prize_redis_connect_timeout 60s; prize_redis_timeout 60s;'
               . ' prize_postgres_timeout 60s;';


# the project's top folder

sub root {
    return abs_path(dirname(__FILE__) . '/../../..');
}


# where everything of this run is written; t/servers makes and removes it

sub run_dir {
    return $ENV{TEST_NGINX_RUN_DIR}
           // croak 'run this test with: t/servers prove TEST';
}


sub module {
    return $ENV{TEST_NGINX_LOAD_MODULES} // croak 'no TEST_NGINX_LOAD_MODULES';
}


sub prizectl {
    return $ENV{TEST_NGINX_PRIZECTL} // croak 'no TEST_NGINX_PRIZECTL';
}


# "make asan": freed memory is kept, to find who uses it, and all is slow; what
# a test says of memory or time does not hold

sub sanitized {
    return exists $ENV{ASAN_OPTIONS};
}


# Below the range that outgoing connections take their ports from.  A port is
# this process's until it ends, also while nothing listens on it: a name in the
# machine's abstract sockets says so to the tests that run beside it.  With a
# number it is the first of so many in a row.

my %given;

sub free_port {
    my ($n) = @_;

    for (1 .. 1000) {
        my $port = 18000 + int rand 12000;
        my @ports = $port .. $port + ($n // 1) - 1;
        my @claims = map { claim($_) // () } @ports;

        next if @claims < @ports;
        @given{@ports} = @claims;
        return $port;
    }

    croak 'no free port';
}


sub claim {
    my ($port) = @_;
    my $claim = IO::Socket::UNIX->new(Local => "\0test-prize-$port",
                                      Listen => 1) or return;
    my $socket = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1) or return;

    return $claim;
}


# Waits until the block is true and returns what it returned.  The limit is
# for what never comes, not for what is slow.

sub eventually (&$;$) {
    my ($condition, $what, $limit) = @_;
    my $end = time + ($limit // 60);

    while (1) {
        my $value = $condition->();
        return $value if $value;

        croak "waited in vain: $what" if time > $end;
        sleep 0.02;
    }
}


sub slurp {
    my ($file) = @_;

    open my $in, '<:raw', $file or croak "cannot read $file: $!";
    local $/;
    return <$in> // '';
}


sub spew {
    my ($file, $text) = @_;

    open my $out, '>:raw', $file or croak "cannot write $file: $!";
    print {$out} $text;
    close $out or croak "cannot write $file: $!";
    return $file;
}


# Runs a command without a shell: its exit status, its output and its
# messages.  A number in front of it all: run({stdin => $text}, @command).

sub run {
    return Test::Prize::Program->start(@_)->finish;
}


# What a file's tests share, started when it is first asked for and ended with
# the file: two Redis, the second one as shared_redis(2), and a PostgreSQL.
# TEST_NGINX_... of the environment say where they are.

my %shared;

sub shared_redis {
    my $n = ($_[0] // 1) == 1 ? '' : $_[0];

    return $shared{"redis$n"} //= do {
        my $redis = Test::Prize::Redis->start;

        $ENV{"TEST_NGINX_REDIS_PORT$n"} = $redis->{port};
        $ENV{"TEST_NGINX_REDIS_SOCKET$n"} = $redis->{socket};
        $redis;
    };
}


# With POSTGRES_VIA=pgbouncer its conninfo leads there; a test that has to talk
# to PostgreSQL itself says so by "direct => 1", and why.

sub shared_postgres {
    my (%option) = @_;
    my $server = $shared{postgres} //= start_postgres();

    return $server unless $option{direct} && $server->{front};
    return $server->attach(%$server, owner => 0, front => undef);
}


sub start_postgres {
    my $postgres = Test::Prize::Postgres->start(shared => 1);
    my $via = $ENV{TEST_NGINX_POSTGRES_VIA};

    if ($via) {
        croak "TEST_NGINX_POSTGRES_VIA is $via: want pgbouncer"
            if $via ne 'pgbouncer';
        $postgres->{front} = Test::Prize::PgBouncer->start($postgres);
    }

    $ENV{TEST_NGINX_POSTGRES_PORT} = $postgres->way->{port};
    $ENV{TEST_NGINX_POSTGRES_DIR} = $postgres->way->{dir};
    $ENV{TEST_NGINX_CONNINFO} = $postgres->conninfo;
    return $postgres;
}


package Test::Prize::Program;

# a command that runs beside the test

use strict;
use warnings;

use Carp qw(croak);
use POSIX ();

my $programs = 0;


# as "run" takes it

sub start {
    my $class = shift;
    my $option = ref $_[0] ? shift : {};
    my @command = @_;
    my $base = Test::Prize::run_dir() . "/run.$$." . ++$programs;

    Test::Prize::spew("$base.in", $option->{stdin} // '');

    my $pid = fork // croak "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', "$base.in" or POSIX::_exit(126);
        open STDOUT, '>', "$base.out" or POSIX::_exit(126);
        open STDERR, '>', "$base.err" or POSIX::_exit(126);
        { no warnings 'exec'; exec { $command[0] } @command; }
        print STDERR "cannot run $command[0]: $!\n";
        POSIX::_exit(127);
    }

    return bless { pid => $pid, base => $base }, $class;
}


sub ended {
    my ($self, $flags) = @_;

    $self->{status} = $?
        if waitpid($self->{pid}, $flags // POSIX::WNOHANG()) == $self->{pid};
    return defined $self->{status};
}


# waits for its end and returns what "run" does

sub finish {
    my ($self) = @_;
    my $base = $self->{base};

    $self->ended(0) unless $self->ended;

    my $status = $self->{status};
    my @result = ($status & 127 ? 128 + ($status & 127) : $status >> 8,
                  map { Test::Prize::slurp("$base.$_") } qw(out err));

    unlink map { "$base.$_" } qw(in out err);
    return @result;
}


# sends a signal, and waits

sub end_by {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};
    return $self->finish;
}


package Test::Prize::Process;

# a server: knows its folder, its port and its process

use strict;
use warnings;

use Carp qw(croak);
use POSIX ();
use Scalar::Util qw(weaken);

my (%started, $count);


sub attach {
    my ($class, %self) = @_;

    return bless {%self}, $class;
}


# where a new server's files go

sub new_dir {
    my ($class, $name) = @_;
    my $dir = sprintf '%s/%s.%d.%d', Test::Prize::run_dir(), $name, $$,
                      ++$count;

    mkdir $dir, 0755 or croak "mkdir $dir: $!";
    chmod 0755, $dir;
    return $dir;
}


sub spawn {
    my ($self, %option) = @_;
    my $log = "$self->{dir}/output.log";
    my $pid = fork // croak "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT);
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>>', $log or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        become($option{user}) if $option{user};
        { no warnings 'exec'; exec { $option{command}[0] }
                                   @{$option{command}}; }
        print STDERR "cannot run $option{command}[0]: $!\n";
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $self->{owner} = $$;
    $started{$pid} = $self;
    weaken $started{$pid};
    return $self;
}


sub become {
    my ($user) = @_;
    my ($uid, $gid) = (getpwnam $user)[2, 3];

    if (defined $uid) {
        $( = $gid;
        $) = "$gid $gid";
        POSIX::setuid($uid);
        return if $> == $uid;
    }

    print STDERR "cannot become $user: $!\n";
    POSIX::_exit(126);
}


sub alive {
    my ($self) = @_;

    return 0 unless $self->{pid};

    if (($self->{owner} // 0) == $$) {
        return waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
    }

    # one that has ended, and that nobody has waited for, is still there

    my $stat = eval { Test::Prize::slurp("/proc/$self->{pid}/stat") } // '';

    return $stat =~ /\) [^ZX]/ ? 1 : 0;
}


# runs serve($socket), a server that a test has written, in a process of its own

sub fork_serve {
    my ($self, $socket) = @_;
    my $pid = fork // croak "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT);
        $SIG{PIPE} = 'IGNORE';
        open STDERR, '>>', "$self->{dir}/output.log" or POSIX::_exit(1);
        eval { $self->serve($socket) };
        print STDERR $@;
        POSIX::_exit(1);
    }

    @$self{qw(pid owner)} = ($pid, $$);
    return $self;
}


# waits until the server answers; says why it does not

sub await {
    my ($self, $what, $ready) = @_;

    Test::Prize::eventually(sub {
        croak "$what ended:\n" . Test::Prize::slurp("$self->{dir}/output.log")
            unless $self->alive;
        return $ready->();
    }, $what);

    return $self;
}


sub signal {
    my ($self, $signal) = @_;

    CORE::kill($signal, $self->{pid}) if $self->{pid};
    return $self;
}


sub pause  { my ($self) = @_; return $self->signal('STOP') }
sub resume { my ($self) = @_; return $self->signal('CONT') }


# its children, in no order

sub children {
    my ($self) = @_;
    my $file = "/proc/$self->{pid}/task/$self->{pid}/children";
    my ($before, $now);

    # one that ends meanwhile may hide another: what was read twice holds

    do {
        ($before, $now) = ($now, eval { Test::Prize::slurp($file) } // '');
    } until defined $before && $before eq $now;

    return split ' ', $now;
}


# "stop" lets it end in its own way, "kill" does not; both return when it
# has ended

sub stop {
    my ($self, $signal) = @_;

    return $self unless $self->{pid};

    $self->resume;
    $self->signal($signal // $self->stop_signal);
    eval {
        Test::Prize::eventually(sub { !$self->alive }, 'the end', 60);
        1;
    } or do {
        $self->signal('KILL');
        Test::Prize::eventually(sub { !$self->alive }, 'the end', 60);
    };

    delete $started{$self->{pid}};
    delete $self->{pid};
    return $self;
}


sub kill {
    my ($self) = @_;

    return $self->stop('KILL');
}


sub stop_signal { return 'TERM' }
sub end_signal  { return $_[0]->stop_signal }


# the end of a test leaves its exit status alone

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);

    $self->stop($self->end_signal)
        if $self->{pid} && ($self->{owner} // 0) == $$;
}


END {
    local ($?, $@, $!);

    # a copy: what ends leaves the table

    for my $self (my @left = grep { defined } values %started) {
        $self->stop($self->end_signal) if ($self->{owner} // 0) == $$;
    }
}


package Test::Prize::Redis;

use strict;
use warnings;

use Carp qw(croak);

our @ISA = qw(Test::Prize::Process);


# start(options => [qw(--requirepass secret)], port => 6390, tls => one of
# Test::Prize::Certificates), all optional; on an object that was stopped it
# starts the same server again.  By TLS it takes anybody, unless "options" say
# otherwise, and the test's own commands take the Unix socket.

sub start {
    my ($self, %option) = @_;

    if (!ref $self) {
        my $dir = $self->new_dir('redis');
        $self = $self->attach(port => Test::Prize::free_port(), dir => $dir,
                              socket => "$dir/redis.sock", %option);
    }

    $self->launch;

    return $self->await("Redis on port $self->{port}", sub {
        return (eval { $self->command('PING') } // $@) =~ /^PONG|NOAUTH/;
    });
}


# starts it again without waiting for it: it may have much to load

sub launch {
    my ($self) = @_;

    my $tls = $self->{tls};
    my @port = !$tls ? ('--port', $self->{port})
               : ('--port', 0, '--tls-port', $self->{port},
                  '--tls-cert-file', $tls->{certificate},
                  '--tls-key-file', $tls->{key},
                  '--tls-ca-cert-file', $tls->{ca},
                  '--tls-auth-clients', 'no');

    return $self->spawn(
        command => [$ENV{TEST_NGINX_REDIS_SERVER} // 'redis-server', @port,
        '--bind', $self->{address} // '127.0.0.1',
        '--unixsocket', $self->{socket}, '--unixsocketperm', '777',
        '--dir', $self->{dir}, '--save', '', '--appendonly', 'no',
        '--daemonize', 'no', '--maxclients', '1000',
        @{$self->{options} // []}]);
}


sub address {
    my ($self) = @_;

    return ($self->{address} // '127.0.0.1') . ":$self->{port}";
}


# one command, its answer: a string, undef, or a reference to a list; dies
# of an error reply

sub command {
    my ($self, @command) = @_;

    return ($self->commands(\@command))[0];
}


# Many at once, over one connection, pipelined.  An error reply of one of
# them dies after all were read.

sub commands {
    my ($self, @commands) = @_;
    my $socket = $self->connect;
    my (@answers, $error);

    while (my @some = splice @commands, 0, 500) {
        my $bytes = join '', map { encode(@$_) } @some;
        print {$socket} $bytes or croak "Redis: $!";

        for (@some) {
            my $answer = eval { decode($socket) };
            $error //= $@ if $@;
            push @answers, $answer;
        }
    }

    croak $error if $error;
    return @answers;
}


sub connect {
    my ($self) = @_;
    my $socket = $self->{tls}
        ? IO::Socket::UNIX->new(Peer => $self->{socket})
        : IO::Socket::INET->new(PeerAddr => $self->{address} // '127.0.0.1',
                                PeerPort => $self->{port}, Timeout => 60);

    croak "Redis on port $self->{port}: $!" unless $socket;

    binmode $socket;
    $socket->autoflush(1);
    return $socket;
}


sub encode {
    my @words = map { my $word = $_; utf8::encode($word); $word } @_;

    return join '', '*' . @words . "\r\n",
                map { '$' . length($_) . "\r\n$_\r\n" } @words;
}


sub decode {
    my ($socket) = @_;
    my $line = do { local $/ = "\r\n"; readline $socket };

    croak 'Redis closed the connection' unless defined $line;
    $line =~ s/\r\n\z//;

    my ($type, $rest) = (substr($line, 0, 1), substr $line, 1);

    return $rest if $type eq '+' || $type eq ':';
    die "$rest\n" if $type eq '-';
    return undef if $rest == -1;

    if ($type eq '$') {
        read($socket, my $value, $rest + 2) == $rest + 2
            or croak 'Redis closed the connection';
        return substr $value, 0, -2;
    }

    return [ map { decode($socket) } 1 .. $rest ];
}


# how many connections there are, this one not counted

sub clients {
    my ($self, $pattern) = @_;
    my @lines = split /\n/, $self->command(qw(CLIENT LIST));

    return grep { !/ cmd=client/ && (!$pattern || /$pattern/) } @lines;
}


# how often a command was called, "hmget" or "cluster|slots", say

sub calls {
    my ($self, $command) = @_;

    return $self->command(qw(INFO commandstats))
           =~ /^cmdstat_\Q$command\E:calls=(\d+)/m ? $1 : 0;
}


package Test::Prize::Postgres;

use strict;
use warnings;

use Carp qw(croak);
use Fcntl qw(LOCK_EX);

our @ISA = qw(Test::Prize::Process);


sub bindir {
    my @dirs = sort { ($b =~ /(\d+)/)[0] <=> ($a =~ /(\d+)/)[0] }
               glob '/usr/lib/postgresql/*/bin';

    return $dirs[0] // croak 'no PostgreSQL below /usr/lib/postgresql';
}


# PostgreSQL refuses to run as root

sub user {
    return $> == 0 ? 'postgres' : undef;
}


# start(options => ['-c', 'max_connections=5'], hba => 'text'), all optional

sub start {
    my ($self, %option) = @_;

    if (!ref $self) {
        $self = $self->attach(port => Test::Prize::free_port(),
                              dir => $self->new_dir('postgres'), %option);
        $self->init;
    }

    $self->launch;

    # it says in its pid file when it takes connections

    return $self->await("PostgreSQL on port $self->{port}", sub {
        my $file = "$self->{dir}/data/postmaster.pid";
        my $said = eval { Test::Prize::slurp($file) } // '';
        return $said =~ /^$self->{pid}\n.*^(?:ready|standby)\s*\z/ms;
    });
}


# starts it again without waiting for it: it may never take a connection

sub launch {
    my ($self) = @_;

    return $self->spawn(user => user(), command => [bindir() . '/postgres',
        '-D', "$self->{dir}/data", '-p', $self->{port},
        '-c', 'listen_addresses=' . ($self->{address} // '127.0.0.1'),
        '-c', "unix_socket_directories=$self->{dir}",
        '-c', 'fsync=off', '-c', 'max_connections=200',
        '-c', 'shared_buffers=32MB', @{$self->{options} // []}]);
}


sub init {
    my ($self) = @_;

    give($self->{dir});
    $self->copy_cluster;

    return unless $self->{hba};
    Test::Prize::spew("$self->{dir}/data/pg_hba.conf", $self->{hba});
}


# a folder, or a file, becomes its user's

sub give {
    my ($path) = @_;
    my $user = user() // return;
    my ($uid, $gid) = (getpwnam $user)[2, 3];

    croak "no user $user" unless defined $uid;
    chown $uid, $gid, $path or croak "chown $path: $!";
}


# A hot standby of this one, with its port and databases and an address of its
# own; "promote" makes a primary of it.

sub standby {
    my ($self, $address) = @_;
    my $standby = (ref $self)->attach(port => $self->{port},
        address => $address, dir => $self->new_dir('standby'));
    my $data = "$standby->{dir}/data";

    give($standby->{dir});
    $standby->spawn(user => user(), command => [bindir() . '/pg_basebackup',
        '-D', $data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync',
        '-d', $self->address]);
    waitpid $standby->{pid}, 0;
    delete $standby->{pid};

    croak 'pg_basebackup: ' . $standby->output if $?;
    return $standby->start;
}


sub promote { return $_[0]->sql('SELECT pg_promote()') }


# initdb takes a second: the first server's work is kept below the build's
# folder, and is every other server's, too

sub copy_cluster {
    my ($self) = @_;
    my ($version) = bindir() =~ m{/(\d+)/};
    my $kept = "$ENV{TEST_NGINX_BUILD}/test/cluster-$version";
    my $data = "$self->{dir}/data";

    open my $lock, '>', "$kept.lock" or croak "$kept.lock: $!";
    flock $lock, LOCK_EX or croak "$kept.lock: $!";

    return copy($kept, $data) if -d $kept;

    $self->spawn(user => user(), command => [bindir() . '/initdb',
        '-D', $data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
        '--locale=C.UTF-8', '--no-sync', '--wal-segsize=1']);
    waitpid $self->{pid}, 0;
    delete $self->{pid};

    croak 'initdb: ' . Test::Prize::slurp("$self->{dir}/output.log") if $?;

    copy($data, "$kept.$$");
    rename "$kept.$$", $kept or croak "rename $kept: $!";
    return;
}


sub copy {
    my ($from, $to) = @_;

    system('cp', '-a', $from, $to) == 0 or croak "cannot copy $from to $to";
    return;
}


# For the module's prize_postgres and for prizectl.  A server that tests share
# is never broken: who connects to it has time.

sub conninfo {
    my ($self, $dbname) = @_;

    return address($self->way, $dbname);
}


sub socket_conninfo {
    my ($self, $dbname) = @_;
    my $way = $self->way;

    return "host=$way->{dir} port=$way->{port} user=postgres dbname="
           . ($dbname // 'postgres');
}


sub address {
    my ($server, $dbname) = @_;

    my $address = $server->{address} // '127.0.0.1';

    return "hostaddr=$address port=$server->{port} user=postgres dbname="
           . ($dbname // 'postgres')
           . ($server->{shared} ? ' connect_timeout=60' : '');
}


# the pooler in front, or the server itself

sub way {
    my ($self) = @_;

    return $self->{front} // $self;
}


# runs a script; its rows, columns apart by tabs, dies of an error

sub sql {
    my ($self, $sql, $dbname) = @_;

    utf8::encode($sql) if utf8::is_utf8($sql);

    my ($status, $out, $err) = Test::Prize::run({stdin => $sql},
        bindir() . '/psql', '-X', '-q', '-A', '-t', '-F', "\t",
        '-v', 'ON_ERROR_STOP=1', '-d', $self->address($dbname));

    croak "psql: $err" if $status;
    chomp $out;
    return $out;
}


# a session: what is printed to it is run there, and its end is a "close"

sub session {
    my ($self, $dbname) = @_;

    open my $psql, '|-', bindir() . '/psql', '-X', '-q', '-o', '/dev/null',
                         '-d', $self->address($dbname)
        or croak "psql: $!";
    $psql->autoflush(1);
    return $psql;
}


# what it has logged

sub output {
    my ($self) = @_;

    return Test::Prize::slurp("$self->{dir}/output.log");
}


# The backends are processes of their own: a pause is one of them all.

sub pause {
    my ($self) = @_;

    CORE::kill('STOP', $self->{pid}, $self->children);
    return $self;
}


sub resume {
    my ($self) = @_;

    return $self unless $self->{pid};

    CORE::kill('CONT', $self->{pid}, $self->children);
    return $self;
}


# a fast shutdown; "kill" is an immediate one, which leaves no backend, and
# enough where nobody starts it again

sub stop_signal { return 'INT' }
sub end_signal  { return 'QUIT' }


sub kill {
    my ($self) = @_;

    return $self->stop('QUIT');
}


package Test::Prize::PgBouncer;

# a pooler in transaction mode, in front of all databases of a server

use strict;
use warnings;

use Carp qw(croak);

our @ISA = qw(Test::Prize::Process);


# start(server, default_pool_size => 2)

sub start {
    my ($self, $server, %option) = @_;

    if (!ref $self) {
        $self = $self->attach(dir => $self->new_dir('pgbouncer'),
                              port => Test::Prize::free_port());
        $self->configure($server, %option);
    }

    $self->spawn(user => Test::Prize::Postgres->user,
                 command => ['pgbouncer', "$self->{dir}/pgbouncer.ini"]);

    return $self->await("PgBouncer on port $self->{port}", sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                              PeerPort => $self->{port});
    });
}


sub configure {
    my ($self, $server, %option) = @_;
    my $dir = $self->{dir};

    Test::Prize::spew("$dir/users", qq{"postgres" ""\n"h5" ""\n});
    Test::Prize::spew("$dir/pgbouncer.ini", <<"INI"
[databases]
* = host=$server->{dir} port=$server->{port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $self->{port}
unix_socket_dir = $dir
auth_type = trust
auth_file = $dir/users
pool_mode = transaction
max_client_conn = 1000
INI
        . join '', map { "$_ = $option{$_}\n" } sort keys %option);
    Test::Prize::Postgres::give($_)
        for $dir, "$dir/users", "$dir/pgbouncer.ini";
}


sub conninfo {
    my ($self, $dbname) = @_;

    return Test::Prize::Postgres::address($self, $dbname);
}


package Test::Prize::Nginx;

use strict;
use warnings;

use Carp qw(croak);

our @ISA = qw(Test::Prize::Process);


# prepare(http => text, main => text, workers => 1, connections => 1024,
# log_level => 'info', files => {name => text}): writes a configuration; names
# in "files" and paths in "http" are relative to it.  start(...) runs it too.

sub prepare {
    my ($class, %option) = @_;
    my $self = $class->attach(dir => $class->new_dir('nginx'),
        binary => $option{binary} // $ENV{TEST_NGINX_BINARY}
                  // '/usr/sbin/nginx');
    my $dir = $self->{dir};

    mkdir "$dir/temp" or croak "mkdir $dir/temp: $!";
    $self->configure(%option);
    return $self;
}


# writes another configuration, for a reload

sub configure {
    my ($self, %option) = @_;
    my $dir = $self->{dir};
    my $files = $option{files} // {};

    for my $name (keys %$files) {
        my $parent = Test::Prize::dirname("$dir/$name");
        -d $parent or mkdir $parent or croak "mkdir $parent: $!";
        Test::Prize::spew("$dir/$name", $files->{$name});
    }

    my $temp = join "\n    ", map { "${_}_temp_path $dir/temp/$_;" }
               qw(client_body proxy fastcgi uwsgi scgi);
    my $load = join '', map { "load_module $_;\n" }
               split ' ', Test::Prize::module();

    Test::Prize::spew("$dir/nginx.conf", <<"CONF");
${load}daemon off;
worker_processes @{[ $option{workers} // 1 ]};
pid $dir/nginx.pid;
lock_file $dir/nginx.lock;
error_log $dir/error.log @{[ $option{log_level} // 'info' ]};
@{[ join "\n", map { "env $_;" } grep { /^(?:A|L|UB)SAN_/ }
         sort keys %ENV ]}
@{[ $option{main} // '' ]}
events {
    worker_connections @{[ $option{connections} // 1024 ]};
}
http {
    access_log $dir/access.log;
    $temp
    @{[ $option{http} // '' ]}
}
CONF
    return $self;
}


sub start {
    my ($self, %option) = @_;

    $self = $self->prepare(%option) unless ref $self;

    $self->spawn(command => [$self->{binary}, '-p', "$self->{dir}/",
                             '-c', "$self->{dir}/nginx.conf", '-e',
                             "$self->{dir}/error.log"]);
    return $self->await('nginx', sub {
        return -s "$self->{dir}/nginx.pid" && $self->workers;
    });
}


# "nginx -t": its exit status and what it said

sub test {
    my ($self) = @_;
    my ($status, undef, $err) = Test::Prize::run($self->{binary}, '-t',
        '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf");

    return ($status, $err);
}


# the workers that serve, not those on their way out

sub workers {
    my ($self) = @_;
    my @workers;

    for my $child ($self->children) {
        my $title = eval { Test::Prize::slurp("/proc/$child/cmdline") } // '';
        push @workers, $child
            if $title =~ /worker process/ && $title !~ /shutting down/;
    }

    return @workers;
}


# returns when the new workers are there and the old ones know; they may
# still be finishing their requests

sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;

    $self->signal('HUP');

    Test::Prize::eventually(sub {
        my @new = $self->workers;
        return @new && !grep { $old{$_} } @new;
    }, 'new workers');

    return $self;
}


sub error_log  { my ($self) = @_; return $self->log('error.log') }
sub access_log { my ($self) = @_; return $self->log('access.log') }


sub log {
    my ($self, $name) = @_;
    my $file = "$self->{dir}/$name";

    return -e $file ? Test::Prize::slurp($file) : '';
}


# HTTP::Tiny's answer: {status, content, headers => {name => value}}

sub get {
    my ($class, $url, %option) = @_;
    my $method = delete $option{method} // 'GET';

    return HTTP::Tiny->new(timeout => 60, max_redirect => 0)
                     ->request($method, $url, \%option);
}


# the decoded answer of "prize_status json"

sub status {
    my ($self, $url) = @_;
    my $answer = $self->get($url);

    croak "$url: $answer->{status} $answer->{content}"
        unless $answer->{status} == 200;
    return JSON::PP::decode_json($answer->{content});
}


1;
