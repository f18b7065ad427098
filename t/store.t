use strict;
use warnings;

use Compress::Raw::Zlib;
use Digest::MD5 qw(md5_hex);
use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;

# One employee, three ways: Redis as "prizectl load" wrote it, Redis as the
# module wrote it back, and PostgreSQL.  The page is the same, byte for byte,
# for every one of the roster, and it is the one that the row says.

my $roster = Test::Prize::Roster->create(shared_postgres());
my $redis = Test::Prize::Redis->start;
my $port = free_port();

my $fields = '<body data-id="{{id}}">[{{name}}][{{{name}}}][{{department}}]'
             . '[{{{department}}}][{{&prize}}][{{#prize}}won {{prize}}'
             . '{{/prize}}{{^prize}}no{{/prize}}][{{joined}}][{{salary}}]'
             . '[{{remote}}]</body>';

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
        prize_redis_timeout 5s;
        prize_postgres_timeout 20s;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";

        location = /loaded { prize_page fields.html raw=name,department,prize; }
        location = /gift_loaded { prize_page gift.html; }

        location = /back {
            prize_page fields.html raw=name,department,prize;
            prize_redis_database 1;
            prize_postgres_pass hr;
        }

        location = /gift_back {
            prize_page gift.html;
            prize_redis_database 1;
        }

        location = /postgres {
            prize_page fields.html raw=name,department,prize;
            prize_redis_pass off;
            prize_postgres_pass hr;
        }

        location = /gift_postgres {
            prize_page gift.html;
            prize_redis_pass off;
            prize_postgres_pass hr;
        }
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
    my $won = $field{prize} !~ /^(?:|0|f|false|n|no|off|\xe5\x90\xa6)\z/i;

    return qq{<body data-id="$text{id}">[$text{name}][$field{name}]}
           . "[$text{department}][$field{department}][$field{prize}]["
           . ($won ? "won $text{prize}" : 'no')
           . "][$text{joined}][$text{salary}][$text{remote}]</body>";
}


sub plain {
    my ($head, $body) = @_;

    return $body unless $head =~ /^content-encoding: gzip\r$/mi;

    my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => WANT_GZIP);
    my $status = $inflate->inflate($body, my $plain);

    return $status == Z_STREAM_END && $body eq '' ? $plain
                                                  : "no gzip: $status";
}


# Every employee's page of a location, and how many came from where.  Of the
# large page its digest does; a gzipped one counts as what it holds.

sub pages {
    my ($location, %option) = @_;
    my (%page, %source, $plain);
    my $ids = $roster->ids;
    my $name = join ' ', "/$location", $option{headers} // ();

    my $clients = Test::Prize::Clients->new(port => $port, connections => 64,
        headers => $option{headers} // '', check => sub {
            my ($id, $body, $status, $head) = @_;
            $plain = plain($head, $body);
            return Test::Prize::Clients::check_page($id, $plain, $status);
        }, request => sub { my $id = $ids->[$_[0]];
                         return ("/$location?id=$id", $id) });

    my $result = $clients->run(requests => scalar @$ids, keep => sub {
        my (undef, $answer) = @_;
        $page{$answer->{id}} = $location =~ /^gift/ ? md5_hex($plain)
                                                    : $plain;
        $source{$1}++ if $answer->{head} =~ /^X-Source: (\S*)\r$/m;
    });

    is_deeply([@$result{qw(lost wrong extra)}, $result->{status}],
              [0, 0, 0, {200 => scalar @$ids}],
              "$name: a page for each, with the ID that was asked for")
        or diag(Test::Prize::Clients->describe($result));

    return (\%page, \%source);
}


# which of them differ: none, or the first few in words

sub differences {
    my ($got, $want) = @_;
    my @differ = grep { ($got->{$_} // '') ne ($want->{$_} // '') }
                 @{ $roster->ids };

    return map { "$_: $got->{$_}\n   not: $want->{$_}" }
           grep { defined } @differ[0 .. 2];
}


my $n = @{ $roster->ids };

$roster->load($redis);

my %want = map { $_ => expected($_) } @{ $roster->ids };
my ($loaded, $loaded_from) = pages('loaded');

is_deeply($loaded_from, {redis => $n}, 'all of them from Redis');
is_deeply([differences($loaded, \%want)], [],
          'and the page is what the row says');

my ($postgres, $postgres_from) = pages('postgres');

is_deeply($postgres_from, {postgres => $n}, 'all of them from PostgreSQL');
is_deeply([differences($postgres, $loaded)], [], 'and the same pages');


# the first time they are missed, and written back

my ($missed, $missed_from) = pages('back');

is_deeply($missed_from, {postgres => $n}, 'an empty Redis: all are missed');
is_deeply([differences($missed, $loaded)], [], 'and the same pages');

eventually { $redis->command('INFO', 'keyspace') =~ /^db1:keys=$n,/m }
           'all of them written back';

my ($back, $back_from) = pages('back');

is_deeply($back_from, {redis => $n}, 'the second time all are in Redis');
is_deeply([differences($back, $loaded)], [], 'and the same pages');


# the records themselves, columns that no page uses among them

my $by_load = $roster->stored($redis);
my $by_module = $roster->stored($redis, database => 1);
my @rows = map { $roster->record($_) } @{ $roster->ids };

is_deeply($by_load, \@rows, 'what load wrote is the row, whole');
is_deeply($by_module, \@rows, 'and so is what the module wrote back');

my ($selected, @ttl) = $redis->commands(['SELECT', 1],
    map { ['PTTL', "employee:$_"] } @{ $roster->ids });
my $hour = 3_600_000;

is(scalar(grep { $_ > $hour * 0.9 && $_ <= $hour * 1.1 } @ttl), $n,
   'each for an hour, or up to a tenth longer');
cmp_ok(scalar(keys %{{ map { int($_ / 1000) => 1 } @ttl }}), '>', 100,
       'and they do not end together');


# the page of the sample configuration

my ($gift_loaded, $gift_loaded_from) = pages('gift_loaded');
my ($gift_back, $gift_back_from) = pages('gift_back');
my ($gift_postgres, $gift_postgres_from) = pages('gift_postgres');

is_deeply([$gift_loaded_from, $gift_back_from, $gift_postgres_from],
          [{redis => $n}, {redis => $n}, {postgres => $n}],
          'gift.html from each of the three');
is_deeply([differences($gift_back, $gift_loaded)], [],
          'gift.html: written back as loaded');
is_deeply([differences($gift_postgres, $gift_loaded)], [],
          'gift.html: PostgreSQL as loaded');

my @gzip = (headers => 'Accept-Encoding: gzip');
my ($gift_gzipped) = pages('gift_loaded', @gzip);
my ($gzipped) = pages('loaded', @gzip);

is_deeply([differences($gift_gzipped, $gift_loaded)], [],
          'gift.html: gzipped, the same page');
is_deeply([differences($gzipped, $loaded)], [], 'and so is the other page');

is(join('', grep { !/\[(?:info|notice)\]/ } split /^/m, $nginx->error_log),
   '', 'and nothing to complain of');

done_testing();
