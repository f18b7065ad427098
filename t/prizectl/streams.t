use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;
use Test::Prize;

# prizectl whose standard streams are closed, full, broken or a terminal that
# somebody else's words are meant for.

my $redis = Test::Prize::Redis->start;
my $conninfo = shared_postgres()->conninfo;
my $url = "redis://127.0.0.1:$redis->{port}";
my $query = q{SELECT 'E' || i AS id, 'name' AS name}
            . q{ FROM generate_series(1, 4000) AS i};
my %option = (load => ['--postgres', $conninfo, '--query', $query],
              verify => ['--postgres', $conninfo, '--query', $query],
              clear => ['--yes']);

my $keys = spew(run_dir() . '/keys', 'k ' . 'b2xk' x 11 . "\n");

chmod 0600, $keys or die "chmod $keys: $!";


# a command of prizectl, as "$@" of what a shell does

sub shell {
    my ($does, $name, @more) = @_;

    return run('/bin/sh', '-c', $does, 'sh', prizectl(), $name,
               @{ $option{$name} // [] }, '--redis', $url, @more);
}


sub command {
    my ($streams, @more) = @_;

    return shell("\"\$@\" $streams", @more);
}


# A socket that took the place of a stream would get what is written there,
# and Redis would answer it.

for my $name (qw(load verify)) {
    for my $more ([], ['--json']) {
        my ($status, undef, $err) = command('>&-', $name, @$more);

        is($status, 1, "$name @$more: no standard output is a failure");
        like($err, qr/cannot write to standard output: /, 'and it says so');
    }
}

is($redis->command('DBSIZE'), 4000, 'the records are there all the same');
is((command('2>&-', 'load', '--query', "SELECT ' ' AS id"))[0], 1,
   'no standard error: a failure is one');
is((command('<&- 2>&-', 'load', '--prune'))[0], 0,
   'neither input nor error: done is done');
is((command('<&- >&- 2>&-', 'verify'))[0], 1, 'nothing at all');
unlike($redis->command('INFO', 'errorstats'), qr/errorstat_ERR:/,
       'and Redis got nothing that it does not know');

my ($status, $out, $err) = command('<&-', 'clear', '--key', 'none:{id}');
is($status, 0, 'no standard input: nothing is asked');

$option{clear} = [];
($status, $out, $err) = command('<&-', 'clear');
is($status, 1, 'no standard input: nobody confirms');
is($redis->command('DBSIZE'), 4000, 'and nothing is removed');

my @sign = (prizectl(), 'sign', '--key-file', $keys, '--event', 'e', '--url',
            'https://h/p', '--expires', '2099-01-01T00:00Z');

($status, undef, $err) = run('/bin/sh', '-c', '"$@" <&-', 'sh', @sign);
is($status, 1, 'sign without standard input');
like($err, qr/cannot read standard input: /, 'says so');


for my $name (qw(load verify)) {
    is((command('>/dev/full', $name, '--json'))[0], 1,
       "$name: a full standard output is a failure");
}

is((run('/bin/sh', '-c', 'echo id | "$@" >/dev/full', 'sh', @sign))[0], 1,
   'sign: so it is');


# a temporary file that cannot grow, as on a full disk

for my $name ('load', 'verify') {
    ($status, $out, $err) = shell('ulimit -f 16; "$@"', $name, '--json',
                                  $name eq 'load' ? '--prune' : ());

    is($status, 1, "$name: no room for a temporary file");
    like($err, qr/^prizectl: cannot write a temporary file: .*\nprizectl: failed after \d+ rows$/m,
         'it says so, and how far it came');
    is(eval { JSON::PP->new->decode($out)->{result} }, 'failed',
       'with one object');
}

# the session ends, and nohup

sub hangs_up {
    my (@before) = @_;
    my $load = Test::Prize::Program->start(@before, prizectl(), 'load',
        @{ $option{load} }, '--redis', $url, '--rate', '1500/s', '--json');

    eventually { $redis->command('CLIENT', 'LIST') =~ /cmd=type/ }
               'it stores records';

    my ($code, $said) = $load->end_by('HUP');

    return ($code, eval { JSON::PP->new->decode($said) } // {});
}


my ($code, $said) = hangs_up();

is($code, 130, 'SIGHUP: interrupted');
is($said->{result}, 'interrupted', 'which the object says');
ok($said->{stored} > 0 && $said->{stored} < 4000, 'and how far it came')
    or diag(explain($said));

($code, $said) = hangs_up('nohup');
is($code, 0, 'nohup: it goes on');
is($said->{stored}, 4000, 'to the end');


# what a terminal would obey comes from a row, a column, a server's notice

my @evil = ("\x1b[2J", "\xc2\x9b2J", "\x7f", "\x07");

sub shown {
    my ($name, @more) = @_;
    my ($status, $out, $err) = command('', @more);

    unlike("$out$err", qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/,
           "$name: no control character");
    return $out . $err;
}


for my $text (@evil) {
    my $hex = unpack 'H*', $text;
    my $value = "convert_from('\\x$hex', 'UTF8')";
    my $quoted = join '', map { sprintf '\\x%02x', ord }
                 $text =~ /([\x00-\x1f\x7f]|\xc2|\x9b)/g;
    my $like = qr/\Q$quoted\E/;

    like(shown('an ID', 'load', '--query', "SELECT $value AS id"), $like,
         'an ID is shown');
    like(shown('a value', 'load', '--query',
               "SELECT 1 AS id, $value AS x UNION SELECT 1, 'x'"), $like,
         'a value is shown');
    like(shown('a notice', 'load', '--query',
               "SELECT 1 AS id, ('x' || $value)::int"), $like,
         'a message of PostgreSQL is shown');
    like(shown('a column', 'load', '--query', "SELECT 1 AS \"a$text\""),
         $like, 'a column is shown');

    $redis->command('EVAL', "redis.call('HSET', KEYS[1], ARGV[1], 1)", 1,
                    'employee:E1', $text);
    like(shown('a field', 'verify'), $like, 'a field of Redis is shown');
    $redis->command('DEL', 'employee:E1');
}

like(shown('a table in Chinese', 'load', '--query', 'SELECT * FROM 名单'),
     qr/"名单" does not exist\nLINE 1: .*\n +\^/,
     'what is none stays: characters and line ends');

done_testing();
