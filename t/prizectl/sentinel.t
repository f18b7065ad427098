use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Peer;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# prizectl and Sentinels, all by TLS, with users of their own: the master is
# asked for, has to say itself that it is one, and may change in the middle.

my $readme = slurp(root() . '/README.md');
my ($rules) = $readme =~ /acl setuser hr on ">\$password" ((?:.*\\\n)*.*)\n/;
my ($more) = $readme =~ /acl setuser hr (\+role)\n/;
my @rules = map { s/^'|'$//gr } split ' ', "$rules $more" =~ s/\\\n//gr;

my $ca = Test::Prize::Certificates->new;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 1000);
my $group = Test::Prize::Sentinel->start(
    tls => $ca->issue('server', names => 'IP:127.0.0.1'),
    password => 'watch',
    lines => "user look on >look ~* &* -\@all +ping"
             . " +sentinel|get-master-addr-by-name\n",
    options => ['--user', 'hr', 'on', '>secret', @rules]);
my $n = @{ $roster->ids };
my $hosts = join ',', map { "127.0.0.1:$_->{port}" } $group->sentinels;
my $file = spew(run_dir() . '/password', "look\n");
my @to = ('--redis', "rediss://hr\@$hosts", '--redis-sentinel', 'employees',
          '--redis-sentinel-user', 'look', '--redis-sentinel-password-file',
          $file, '--redis-cacert', $ca->{file});
my @from = ('--postgres', $roster->conninfo, '--query',
            'SELECT * FROM employee');
my $id = $roster->ids->[3];

$ENV{REDISCLI_AUTH} = 'secret';


sub command {
    my ($name, @options) = @_;

    return run(prizectl(), $name, $name eq 'clear' ? () : @from, @to,
               @options);
}


sub passes {
    my ($name, $like, $command, @options) = @_;
    my ($status, $out, $err) = command($command, @options);

    is($status, 0, $name) or diag($out, $err);
    like($out, $like, "$name: what it did");
}


sub url { return "rediss://127.0.0.1:$_[0]{port}" }


my $master = $group->master;

passes('load', qr/^loaded $n rows/, 'load');
is($master->command('DBSIZE'), $n, 'into the master');
passes('verify', qr/^equal: $n$/m, 'verify');
$master->command('HSET', 'employee:gone', 'id', 'gone');
passes('--prune', qr/^pruned 1 of/m, 'load', '--prune');

my $page = spew(run_dir() . '/page.html', '{{id}} {{department}}');

like((run(prizectl(), 'render', '--page', $page, '--id', $id, @to))[1],
     qr/^\Q$id\E /, 'render');
passes('clear', qr/^removed $n records/, 'clear', '--yes');


# a fail-over in the middle

my $load = Test::Prize::Program->start(prizectl(), 'load', @from, @to,
                                       '--rate', '100/s');

eventually { return $master->command('DBSIZE') > 20 } 'some rows';

my $new = $group->fail_over;
my ($status, $out, $err) = $load->finish;

is($status, 1, 'a fail-over in the middle ends the load');
is($out, '', 'which claims nothing');
like($err, qr/\Aprizectl: \Q@{[ url($master) ]}\E: .*(?:READONLY|\(run the command again when another server has its place\)).*\nprizectl: failed after \d+ rows\n\z/,
     'and says why, and what to do');
passes('the same command', qr/^loaded $n rows/, 'load');
is($new->command('DBSIZE'), $n, 'loads into the new master');
passes('all', qr/^equal: $n$/m, 'verify');


# a master that is killed, and a Sentinel that is away

my ($first) = $group->sentinels;

$first->kill;
$new->kill;
($status, undef, $err) = command('verify');
is($status, 1, 'the master is away');
like($err, qr/^prizectl: cannot connect to \Q@{[ url($first) ]}\E: .*\n(?:prizectl: cannot connect to \Q@{[ url($new) ]}\E: .*\n){2}prizectl: rediss:\S+: none of them tells where the records are\n\z/m,
     'all Sentinels are asked, and each failure is told');

my $third = $group->elected($new);

($status, $out, $err) = command('load');
is($status, 0, 'when another one has its place') or diag($err);
is($third->command('DBSIZE'), $n, 'the command completes');
like($err, qr/\Aprizectl: cannot connect to \Q@{[ url($first) ]}\E: .*\n\z/,
     'and the Sentinel that is away is told');


# a master that has become a replica, before Sentinels know it

$third->command('REPLICAOF', '127.0.0.1', free_port());
($status, undef, $err) = command('verify');
is($status, 1, 'a master that is none');
like($err, qr/^prizectl: \Q@{[ url($third) ]}\E: is named as the master, and says that it is none$/m,
     'is told');
$third->command(qw(REPLICAOF NO ONE));


# what is wrong

for my $case (['no such master', qr/: knows no master "others"$/m,
               '--redis-sentinel', 'others'],
              ['a wrong password', qr/: AUTH: WRONGPASS /,
               '--redis-sentinel-password-file',
               spew(run_dir() . '/wrong', "x\n")],
              ['no password', qr/^prizectl: cannot open password file/m,
               '--redis-sentinel-password-file', '/nothing'],
              ['no Sentinel', qr/: SENTINEL: ERR unknown command/, '--redis',
               'rediss://hr@' . $third->address, '--redis-sentinel-user',
               'hr', '--redis-sentinel-password-file',
               spew(run_dir() . '/secret', "secret\n")])
{
    my ($name, $like, @options) = @$case;

    ($status, $out, $err) = command('load', @options);
    is($status, 1, $name);
    like($err, $like, "$name: the reason");
}

is((run(prizectl(), 'clear', @to[0 .. 5]))[0], 2, 'a user without a password');

# An answer to ROLE that is late must not be taken for that to the next command:
# who fails to answer is asked on another connection.

my $roles = 0;
my $odd = Test::Prize::Peer->start(replies => {
    ROLE => sub { return $roles++ ? Test::Prize::Peer->master : '?' } });
my @both = map {
    Test::Prize::Peer->start(replies => {
        SENTINEL => Test::Prize::Peer->named('127.0.0.1', $odd->{port}) })
} 1, 2;

run(prizectl(), 'clear', '--yes', '--redis', 'redis://'
    . join(',', map { "127.0.0.1:$_->{port}" } @both),
    '--redis-sentinel', 'employees');
is($odd->connects, 2, 'whom two Sentinels name, and who answers the second');

done_testing();
