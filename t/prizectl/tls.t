use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Roster;

# prizectl by TLS: whom it trusts, who it says that it is, and all commands.

my $ca = Test::Prize::Certificates->new;
my $other = Test::Prize::Certificates->new(name => 'Another CA');
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 600);
my ($n, $id) = (scalar @{ $roster->ids }, $roster->ids->[3]);
my @from = ('--postgres', $roster->conninfo, '--query',
            'SELECT * FROM employee');
my @trusted = ('--redis-cacert', $ca->{file});
my $name = 'redis.test';
my $us = $ca->issue('hr');

my $redis = start('IP:127.0.0.1');
my $named = start("DNS:$name");
my $strict = start('IP:127.0.0.1', options => ['--tls-auth-clients', 'yes']);


sub start {
    my ($names, %option) = @_;
    my ($days, @options) = ($option{days}, @{ $option{options} // [] });

    return Test::Prize::Redis->start(options => \@options,
        tls => $ca->issue('server', names => $names, days => $days));
}


sub to { return ('--redis', 'rediss://' . $_[0]->address) }


sub passes {
    my ($name, $command, @options) = @_;
    my ($status, $out, $err) = run(prizectl(), $command, @from, @options);

    is($status, 0, "$name: $command") or diag($out, $err);
    is($err, '', "$name: $command: no message");
    return $out;
}


sub fails {
    my ($name, $like, @options) = @_;
    my ($status, $out, $err) = run(prizectl(), 'load', @from, @options);

    is($status, 1, $name);
    is($out, '', "$name: nothing is claimed");
    like($err, qr/^prizectl: $like\n\z/, "$name: the reason");
}


# all commands

my @to = (to($redis), @trusted);

is(passes('TLS', 'load', @to) =~ s/ in .*//sr, "loaded $n rows", 'it loads');
is_deeply({ @{ $redis->command('HGETALL', "employee:$id") } },
          $roster->record($id), 'a record is its row');
like(passes('TLS', 'verify', @to), qr/^equal: $n$/m, 'it verifies');
$redis->commands(['HSET', 'employee:gone', 'id', 'gone'],
                 ['HSET', "employee:$id", 'name', 'changed']);
is((run(prizectl(), 'verify', @from, @to))[0], 3, 'it finds differences');
like(passes('TLS', 'load', @to, '--prune'), qr/^pruned 1 of/m, 'it prunes');
passes('TLS', 'verify', @to);

my $page = spew(run_dir() . '/page.html', '{{id}} {{department}}');

like((run(prizectl(), 'render', '--page', $page, '--id', $id, @to))[1],
     qr/^\Q$id\E /, 'it renders');
is((run(prizectl(), 'clear', '--yes', @to))[1], "removed $n records\n",
   'it clears');

# more than fits into what a socket holds, and into a record of TLS

my @large = ('--query', q{SELECT i AS id, repeat('x', 1048576) AS name,
                          repeat('y', 100000) AS note
                          FROM generate_series(1, 40) AS i});

passes('large records', 'load', @to, @large);
like(passes('large records', 'verify', @to, @large), qr/^equal: 40$/m,
     'are there');
run(prizectl(), 'clear', '--yes', @to);


# whom it trusts

my $at = 'cannot connect to ' . (to($redis))[1];

fails('nobody is named', qr/\Q$at\E: its certificate is not accepted: (?:unable to get local issuer certificate|self-signed certificate in certificate chain) \(name its authority by --redis-cacert\)/,
      to($redis));
fails('another authority', qr/\Q$at\E: its certificate is not accepted: .* \(name its authority by --redis-cacert\)/,
      to($redis), '--redis-cacert', $other->{file});
passes('whoever it is', 'load', to($redis), '--redis-insecure');

{
    local $ENV{SSL_CERT_FILE} = $ca->{file};
    passes('whom the system trusts', 'load', to($redis));
}

fails('another address', qr/.*: IP address mismatch \(name what it is for by --redis-sni\)/,
      to($named), @trusted);
fails('another name', qr/.*: hostname mismatch \(name what it is for by --redis-sni\)/,
      to($named), @trusted, '--redis-sni', 'other.test');
passes('the name', 'load', to($named), @trusted, '--redis-sni', $name);
passes('localhost is resolved', 'load', '--redis',
       "rediss://localhost:$named->{port}", @trusted, '--redis-sni', $name);
fails('localhost is checked as a name', qr/.*: hostname mismatch .*/,
      '--redis', "rediss://localhost:$redis->{port}", @trusted);

my $old = start('IP:127.0.0.1', days => -1);

fails('an old certificate', qr/.*: its certificate is not accepted: certificate has expired/,
      to($old), @trusted);
$old->stop;


# who it is

fails('a certificate is wanted', qr/\Q@{[ (to($strict))[1] ]}\E: \w+: TLS: .*certificate required/,
      to($strict), @trusted);
passes('our certificate', 'load', to($strict), @trusted, '--redis-cert',
       $us->{certificate}, '--redis-key', $us->{key});
fails('the key of another', qr/--redis-key "[^"]+": key values mismatch/,
      to($strict), @trusted, '--redis-cert', $us->{certificate},
      '--redis-key', $ca->issue('other')->{key});
fails('no file', qr/--redis-cacert "\/nothing": No such file or directory/,
      to($redis), '--redis-cacert', '/nothing');
fails('no certificate', qr/--redis-cert "\Q$page\E": no start line/,
      to($redis), @trusted, '--redis-cert', $page, '--redis-key', $us->{key});


# where there is no TLS, or nothing else

fails('a Redis without TLS', qr/cannot connect to rediss:\S+: .+/,
      '--redis', 'rediss://' . shared_redis()->address, @trusted);
fails('a Redis with TLS alone', qr/redis:\S+: PING: .+/, '--redis',
      'redis://' . $redis->address);

for my $usage ([to($redis), '--redis-cert', $us->{certificate}],
               [to($redis), '--redis-key', $us->{key}],
               ['--redis', 'redis://h', '--redis-sni', 'x'],
               ['--redis', 'redis://h', @trusted],
               ['--redis', 'unix:/s', '--redis-insecure'],
               ['--redis', 'rediss:/h'])
{
    my ($code, undef, $said) = run(prizectl(), 'load', @from, @$usage);

    is($code, 2, "usage: @$usage");
    like($said, qr/^prizectl: .+\n\z/, "usage: @$usage: one line");
}

done_testing();
