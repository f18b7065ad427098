use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Cluster;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# prizectl render of an employee who is in a store, of each kind: the bytes that
# nginx sends, and the module's own rules where it sends none.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 100);
my $redis = Test::Prize::Redis->start;
my $ca = Test::Prize::Certificates->new;
my $tls = Test::Prize::Redis->start(
    tls => $ca->issue('server', names => 'IP:127.0.0.1'));
my $cluster = Test::Prize::Cluster->start(primaries => 3);
my ($node) = $cluster->nodes;
my $group = Test::Prize::Sentinel->start(sentinels => 1);
my ($sentinel) = $group->sentinels;
my $url = "redis://127.0.0.1:$redis->{port}";
my ($port, $dead) = (free_port(), free_port());
my $dir = run_dir();
my $gift = root() . '/conf/pages/gift.html';
my $page = spew("$dir/fields.html",
                '[{{name}}][{{{name}}}][{{&prize}}][{{#prize}}won {{prize}}'
                . '{{/prize}}{{^prize}}no{{/prize}}][{{joined}}][{{remote}}]');
my @raw = ('--raw', 'name', '--raw', 'prize');
my @redis = ('--redis', $url);
my @postgres = ('--postgres', $roster->conninfo, '--query');
my $all = 'SELECT * FROM employee';
my $rest = 'prize, joined, remote FROM employee';

my $nginx = Test::Prize::Nginx->start(http => <<"CONF");
    prize_postgres hr "@{[ $roster->conninfo ]}";

    server {
        listen 127.0.0.1:$port;
        $patient
        location = /redis/fields {
            prize_page $page raw=name,prize;
            prize_redis_pass 127.0.0.1:$redis->{port};
        }
        location = /redis/gift {
            prize_page $gift;
            prize_redis_pass 127.0.0.1:$redis->{port};
        }
        location = /tls/fields {
            prize_page $page raw=name,prize;
            prize_redis_pass 127.0.0.1:$tls->{port};
            prize_redis_ssl on;
            prize_redis_ssl_trusted_certificate $ca->{file};
        }
        location = /cluster/fields {
            prize_page $page raw=name,prize;
            prize_redis_pass 127.0.0.1:$node->{port};
            prize_redis_cluster on;
        }
        location = /sentinel/fields {
            prize_page $page raw=name,prize;
            prize_redis_pass 127.0.0.1:$sentinel->{port};
            prize_redis_sentinel employees;
        }
        location = /postgres/fields {
            prize_page $page raw=name,prize;
            prize_postgres_pass hr;
            prize_postgres_query "$all WHERE id = ANY(\$1)";
        }
    }
CONF


sub render {
    return run(prizectl(), 'render', @_);
}


sub sent {
    my ($path, $id) = @_;
    my $answer = $nginx->get("http://127.0.0.1:$port/$path?id=$id");

    return "$answer->{status} $answer->{content}";
}


# the page, or the reason why there is none: as many lines as are wanted

sub fails {
    my ($name, $code, $like, @options) = @_;
    my ($status, $out, $err) = render(@options);

    is($status, $code, "$name: exit code $code");
    is($out, '', "$name: no page");
    like($err, $like, "$name: says why");
}


$_->load($roster) for $cluster, $group;
$roster->load($_) for $redis, $tls;

my %ways = ('tls/fields' => ['--page', $page, @raw, '--redis',
                             'rediss://' . $tls->address, '--redis-cacert',
                             $ca->{file}],
            'cluster/fields' => ['--page', $page, @raw, '--redis-cluster',
                                 '--redis', 'redis://' . $node->address],
            'sentinel/fields' => ['--page', $page, @raw, '--redis-sentinel',
                                  'employees', '--redis',
                                  'redis://' . $sentinel->address],
            'redis/fields' => ['--page', $page, @raw, @redis],
            'redis/gift' => ['--page', $gift, @redis],
            'postgres/fields' => ['--page', $page, @raw, @postgres, $all]);

for my $path (sort keys %ways) {
    my @others;

    for my $id (@{ $roster->ids }) {
        my ($status, $out, $err) = render(@{ $ways{$path} }, '--id', $id);

        push @others, "$id: $err"
            if "$status $err" ne '0 ' || "200 $out" ne sent($path, $id);
    }

    is_deeply(\@others, [], "$path: everybody's page is the one of nginx");
}

my $id = $roster->ids->[0];
my $want = sent('postgres/fields', $id) =~ s/^200 //r;
my @fields = ('--page', $page, @raw, '--id', $id);

is((render(@fields, @postgres, "$all WHERE id = ANY(\$1)"))[1], $want,
   'the query may be that of the module');


# Redis, and PostgreSQL behind it

is_deeply([render(@fields, @redis, @postgres, 'wrong')], [0, $want, ''],
          'PostgreSQL is asked only where Redis has nothing to say');

$redis->command('HDEL', "employee:$id", 'remote');

my ($status, $out, $err) = render(@fields, @redis);
my $stale = qr/^prizectl: \Q$url\E: the record at key "employee:\Q$id\E" is stale: it lacks "remote", which \Q$page\E:1 uses\n/;

is("$status $out", '0 ' . sent('redis/fields', $id) =~ s/^200 //r,
   'without PostgreSQL a field that is missing is empty');
like($out, qr/\[\]$/, 'as in the module');
like($err, qr/$stale\z/, 'and it is told');

($status, $out, $err) = render(@fields, @redis, @postgres, $all);
is("$status $out", "0 $want", 'with PostgreSQL it comes from there');
like($err, qr/$stale\z/, 'and it is told, too');

$redis->command('DEL', "employee:$id");
fails('nobody in Redis', 1,
      qr/^prizectl: \Q$url\E: no record at key "employee:\Q$id\E"\n\z/,
      @fields, @redis);
is((render(@fields, @redis, @postgres, $all))[1], $want,
   'who is not in Redis comes from PostgreSQL');
is((render(@fields, '--redis', "redis://127.0.0.1:$dead", @postgres, $all))[1],
   $want, 'and so does everybody when Redis is away');
fails('no Redis', 1, qr/cannot connect to redis:.*: Connection refused/,
      @fields, '--redis', "redis://127.0.0.1:$dead");

$redis->command('HSET', "employee:$id", 'id', 'E2', map { $_ => 'x' }
                qw(name prize joined remote));
is(sent('redis/fields', $id) =~ s/ .*//sr, 503, 'nginx: another owner');
fails('another owner', 1,
      qr/: the record at key "employee:\Q$id\E" is of another owner, with the id "E2"\n\z/,
      @fields, @redis);
is((render(@fields, @redis, @postgres, $all))[1], $want,
   'with PostgreSQL the row is shown');

$redis->command('DEL', "employee:$id");
$redis->command('SET', "employee:$id", 'x');
fails('no hash', 1, qr/: key "employee:\Q$id\E" holds no hash, as "prizectl /,
      @fields, @redis);
$redis->command('DEL', "employee:$id");
$redis->command('HSET', "employee:$id", 'id', $id, 'name', 'x' x 1_048_577);
fails('a large field', 1, qr/"employee:\Q$id\E" has a field of 1048577 bytes/,
      @fields, @redis);
$redis->command('HSET', "party:$id:7", 'id', $id, map { $_ => 'there' }
                qw(name prize joined remote));
like((render(@fields, @redis, '--key', 'party:{id}:7'))[1], qr/^\[there\]/,
     'another key');


# PostgreSQL

fails('nobody in PostgreSQL', 1,
      qr/^prizectl: PostgreSQL: no row with the id "nobody"\n\z/,
      '--page', $page, @raw, '--id', 'nobody', @postgres, $all);
fails('a field that is no column', 1,
      qr/^prizectl: \Q$page\E:1: the field "prize" is no column of the query; its columns are: id, name\n/,
      @fields, @postgres, 'SELECT id, name FROM employee');
fails('two rows', 1,
      qr/^prizectl: two rows of the id "\Q$id\E" differ: "name" is /,
      @fields, @postgres, "SELECT id, name, $rest UNION ALL"
      . " SELECT id, 'other', $rest");
fails('another row', 1,
      qr/^prizectl: PostgreSQL: a row with the id "other", which nobody asked for\n.*no row with/,
      @fields, @postgres, "SELECT 'other' AS id, name, $rest"
      . ' WHERE id = ANY($1)');
fails('two parameters', 1,
      qr/takes 2 parameters: want none, or "WHERE id = ANY/,
      @fields, @postgres, "$all WHERE id = ANY(\$1) AND name = \$2");
fails('a wrong query', 1, qr/^prizectl: PostgreSQL: ERROR:/, @fields, @postgres,
      'SELECT nothing');


# what is wrong before anybody is asked

for my $case (['no ID that a link can name', qr/--id "a b": want 1 to 64 of/,
               '--page', $page, '--id', 'a b', @redis],
              ['a long ID', qr/--id "abcd": want 1 to 3 of/, '--page', $page,
               '--id', 'abcd', '--id-max-length', 3, @redis],
              ['a store without an ID', qr/--id is required/, '--page', $page,
               @redis],
              ['an ID without a store', qr/--redis is required/, @fields],
              ['no query', qr/--query is required/, @fields, '--postgres',
               'dbname=x'],
              ['no database', qr/--postgres is required/, @fields, '--query',
               $all],
              ['fields beside a store', qr/leave --field and --fields out/,
               @fields, @redis, '--field', 'name=x'])
{
    my ($name, $like, @options) = @$case;

    fails($name, 2, $like, @options);
}

done_testing();
