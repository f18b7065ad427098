use strict;
use warnings;

use Compress::Raw::Zlib;
use Digest::MD5 qw(md5);
use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Clients;
use Test::Prize::Roster;

# One employee, three ways: Redis as "prizectl load" wrote it, Redis as the
# module wrote it back, and PostgreSQL; both ways of Redis by TLS, too.  The
# page is the same, byte for byte, for every one of the roster, and it is the
# one that the row says.

# Every 480th row has the same kinds of values, but for names that are empty
# (101, 103) or long (1009).  PRIZE_NIGHTLY=1 takes all of the 12,000.

my $roster = Test::Prize::Roster->create(shared_postgres(), numbers => [
    grep { $ENV{PRIZE_NIGHTLY} || $_ <= 480 || !($_ % 101) || !($_ % 103)
           || !($_ % 1009) } 1 .. 12_000 ]);

my $ids = $roster->ids;
my $n = @$ids;
my $ca = Test::Prize::Certificates->new;
my $server = $ca->issue('redis', names => 'IP:127.0.0.1');
my ($port, $secure) = (free_port(), free_port());
my $redis = Test::Prize::Redis->start(options => [
    '--tls-port', $secure, '--tls-cert-file', $server->{certificate},
    '--tls-key-file', $server->{key}, '--tls-ca-cert-file', $server->{ca},
    '--tls-auth-clients', 'no']);
my $tls = "prize_redis_pass 127.0.0.1:$secure; prize_redis_ssl on;"
          . " prize_redis_ssl_trusted_certificate $ca->{file};";

my $fields = '<body data-id="{{id}}">[{{name}}][{{{name}}}][{{department}}]'
             . '[{{{department}}}][{{&prize}}][{{#prize}}won {{prize}}'
             . '{{/prize}}{{^prize}}no{{/prize}}][{{joined}}][{{salary}}]'
             . '[{{remote}}]</body>';

# each way has a location for each of two pages, the second one large

my %way = (
    loaded   => 'prize_postgres_pass off;',
    back     => 'prize_redis_database 1;',
    postgres => 'prize_redis_pass off;',
    tls      => "$tls prize_postgres_pass off;",
    tls_back => "$tls prize_redis_database 2;",
);

my $locations = join '', map { <<"CONF" } sort keys %way;
        location = /fields/$_ {
            prize_page fields.html raw=name,department,prize;
            $way{$_}
        }
        location = /gift/$_ {
            prize_page gift.html;
            $way{$_}
        }
CONF

my $nginx = Test::Prize::Nginx->start(workers => 2, connections => 4096,
    files => { 'fields.html' => $fields,
               'gift.html' => slurp(root() . '/conf/pages/gift.html') },
    http => <<"CONF");
    upstream store { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $roster->conninfo ]}" connections=2 queue=4096;

    access_log off;
    keepalive_requests 1000000;
    add_header X-Source \$prize_source always;

    server {
        listen 127.0.0.1:$port backlog=4096;

        prize_redis_pass store;
        $patient
        prize_postgres_pass hr;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";

        $locations
    }
CONF


# the page that the row says, by the rules of the page language

sub escaped {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;',
                  '"' => '&quot;', "'" => '&#39;');

    $text =~ s/([&<>"'])/$entity{$1}/g;
    return $text;
}


sub expected {
    my ($id) = @_;
    my %field = %{ $roster->record($id) };
    my %text = map { $_ => escaped($field{$_}) } keys %field;

    return qq{<body data-id="$text{id}">[$text{name}][$field{name}]}
           . "[$text{department}][$field{department}][$field{prize}]["
           . ($roster->wins($id) ? "won $text{prize}" : 'no')
           . "][$text{joined}][$text{salary}][$text{remote}]</body>";
}


# digests of the pages that are wanted; those of the large page are the ones
# that came the first time

my %want = (fields => { map { $_ => md5(expected($_)) } @$ids }, gift => {});


sub plain {
    my ($body) = @_;
    my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => WANT_GZIP);
    my $status = $inflate->inflate($body, my $plain);

    return $status == Z_STREAM_END && $body eq '' ? $plain
                                                  : "no gzip: $status";
}


# everybody's page of a location, all of them from one store

sub same {
    my ($page, $way, $source, %option) = @_;
    my %count;

    my $clients = Test::Prize::Clients->new(port => $port, connections => 64,
        headers => $option{gzip} ? 'Accept-Encoding: gzip' : '',
        request => sub {
            my $id = $ids->[$_[0]];
            return ("/$page/$way?id=$id", $id);
        },
        check => sub {
            my ($id, $body, $status, $head) = @_;

            $count{$1}++ if $head =~ /^X-Source: (\S*)\r$/m;
            if ($head =~ /^content-encoding: gzip\r$/mi) {
                $count{gzip}++;
                $body = plain($body);
            }

            my $digest = md5($body);
            my $wanted = $want{$page}{$id} //= $digest;

            return Test::Prize::Clients::check_page($id, $body, $status)
                   // ($digest ne $wanted ? "another page: $body" : undef);
        });

    my $result = $clients->run(requests => $n);

    is_deeply([@$result{qw(lost wrong extra status)}, \%count],
              [0, 0, 0, {200 => $n},
               {$source => $n, $option{gzip} ? (gzip => $n) : ()}],
              "/$page/$way from $source"
              . ($option{gzip} ? ', gzipped' : '') . ': the same pages')
        or diag(Test::Prize::Clients->describe($result));
}


$roster->load($redis);

same(fields => 'loaded', 'redis');
same(fields => 'postgres', 'postgres');

# the first time they are missed, and written back

same(fields => 'back', 'postgres');

eventually { $redis->command('INFO', 'keyspace') =~ /^db1:keys=$n,/m }
           'all of them written back';

same(fields => 'back', 'redis');

same(fields => 'tls', 'redis');
same(fields => 'tls_back', 'postgres');

eventually { $redis->command('INFO', 'keyspace') =~ /^db2:keys=$n,/m }
           'all of them written back by TLS';

same(fields => 'tls_back', 'redis');

same(gift => 'loaded', 'redis');
same(gift => 'back', 'redis');
same(gift => 'postgres', 'postgres');

same(gift => 'tls', 'redis');

same(fields => 'loaded', 'redis', gzip => 1);
same(fields => 'tls', 'redis', gzip => 1);
same(gift => 'loaded', 'redis', gzip => 1);


# the records themselves, columns that no page uses among them

my @rows = map { $roster->record($_) } @$ids;

is_deeply($roster->stored($redis), \@rows, 'what load wrote is the row, whole');
is_deeply($roster->stored($redis, database => $_), \@rows,
          'and so is what the module wrote back') for 1, 2;

my ($selected, @ttl) = $redis->commands(['SELECT', 1],
    map { ['PTTL', "employee:$_"] } @$ids);
my $hour = 3_600_000;

is(scalar(grep { $_ > $hour * 0.9 && $_ <= $hour * 1.1 } @ttl), $n,
   'each for an hour, or up to a tenth longer');
cmp_ok(scalar(keys %{{ map { int($_ / 1000) => 1 } @ttl }}), '>', 100,
       'and they do not end together');

unlike($nginx->error_log, qr/\[(?!info|notice)\w+\] \d/,
       'and nothing to complain of');

done_testing();
