use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# The users of Redis that the README has are allowed what they need, and
# nothing else.

my $redis = Test::Prize::Redis->start;
my $conninfo = shared_postgres()->conninfo;
my $readme = slurp(root() . '/README.md');
my ($rules) = $readme =~ /acl setuser hr on ">\$password" ((?:.*\\\n)*.*)\n/;
my @rules = map { s/^'|'$//gr } split ' ', ($rules // '') =~ s/\\\n//gr;

cmp_ok(scalar(@rules), '>', 10, 'the README has a user for prizectl');
is($redis->command('ACL', 'SETUSER', 'hr', 'on', '>secret', @rules), 'OK',
   'whom Redis takes');

my $page = spew(run_dir() . '/page.html', '{{name}}');
local $ENV{REDISCLI_AUTH} = 'secret';
my @to = ('--redis', "redis://hr\@127.0.0.1:$redis->{port}/1");
my @from = ('--postgres', $conninfo, '--query',
            q{SELECT i AS id, 'x' AS name FROM generate_series(1, 100) AS i});

for my $case (['load', @from], ['load', @from, '--prune'], ['verify', @from],
              ['render', '--page', $page, '--id', 5], ['clear', '--yes'])
{
    my ($status, $out, $err) = run(prizectl(), @$case, @to);

    is($status, 0, "$case->[0] @$case[5 .. $#$case]") or diag($out, $err);
    is($err, '', 'without a word');
}

# a record with a field too many, and another program's key

$redis->commands(['SELECT', 1], ['HSET', 'employee:1', 'old', 'x'],
                 ['SET', 'employee:2', 'x']);

my ($status, $out, $err) = run(prizectl(), 'load', @from, @to);

is($status, 1, "another program's key");
is(() = $err =~ /employee:2.*left alone$|^prizectl: .*: 1 of 100 /mg, 2,
   'which is told, and nothing else') or diag($err);
is(($redis->commands(['SELECT', 1], ['HLEN', 'employee:1']))[1], 2,
   'a record is replaced whole');

my @used = map { /^cmdstat_([^:|]+)/ ? $1 : () }
           split /\n/, $redis->command('INFO', 'commandstats');
my %used = map { ("+$_" => 1) } @used;

is_deeply([grep { /^\+/ && !$used{$_} } @rules], [],
          'none is allowed that is not needed');
is((run(prizectl(), 'load', @from, @to, '--key', 'other:{id}'))[0], 1,
   'other keys are not its own');

done_testing();
