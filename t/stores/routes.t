use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Test::Prize::Sentinel;

# prize_redis_cluster, prize_redis_sentinel and prize_redis_read_from in http,
# server, location, if and limit_except.

my $key = 'employee:7';
my $cluster = Test::Prize::Cluster->start(primaries => 2, replicas => 2);
my $group = Test::Prize::Sentinel->start(replicas => 0, sentinels => 1);
my $name = Test::Prize::Sentinel::NAME;
my ($sentinel) = $group->sentinels;
my $primary = $cluster->primary($key);
my ($replica) = $cluster->replicas_of($primary);
my ($seed) = grep { $_ != $primary } $cluster->primaries;

$_->command('HSET', $key, id => 7) for $primary, $group->master;
eventually { $replica->command('DBSIZE') } 'the replica\'s record';


# A location in each context: what is outermost is "bad" there, but for "http",
# and "good" elsewhere.  Returns [status, address] by the path.

sub answers {
    my ($port, $outer, $nginx) = @_;
    my @paths = ('http', 'server', 'location', 'around/inner', 'if', 'if?if=1',
                 'limit_except');

    return map {
        my $path = $_;
        my $get = $nginx->get('http://127.0.0.1:'
                              . ($path eq 'http' ? $outer : $port) . "/$path"
                              . ($path =~ /\?/ ? '&' : '?') . 'id=7');
        ($path => "$get->{status} " . ($get->{headers}{'x-asked'} // ''));
    } @paths;
}


sub inherits {
    my ($good, $bad, $pass, $want, $unwanted) = @_;
    my ($port, $outer) = (free_port(), free_port());
    my $nginx = Test::Prize::Nginx->start(
        files => { 'page.html' => '{{id}}' }, http => <<"CONF");
    add_header X-Asked \$upstream_addr always;
    prize_redis_pass $pass;
    $patient
    $bad
    server {
        listen 127.0.0.1:$outer;
        location = /http { prize_page page.html; }
    }
    server {
        listen 127.0.0.1:$port;
        $good
        location = /server { prize_page page.html; }
        location = /location { prize_page page.html; $bad }
        location /around {
            $bad
            prize_page page.html;
            location = /around/inner { prize_page page.html; }
        }
        location = /if { prize_page page.html; if (\$arg_if) { $bad } }
        location = /limit_except {
            prize_page page.html;
            limit_except POST { $bad }
        }
    }
CONF
    my %want = (map({ $_ => $want } qw(server if)), map { $_ => $unwanted }
                qw(http location around/inner if?if=1 limit_except));
    my %have;

    # a worker has to find its way first
    eval { eventually { %have = answers($port, $outer, $nginx);
                        !grep { $have{$_} !~ /^$want{$_}$/ } keys %want }
                      'its way', 20 };

    is_deeply([grep { $have{$_} !~ /^$want{$_}$/ } keys %want], [],
              "$good, and $bad") or diag(explain \%have);
    unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/, 'no alert');
    $nginx->stop('QUIT');
}


my ($seeds, $watch) = map { $_->address } $seed, $sentinel;
my ($first, $second, $master) = map { quotemeta $_->address }
                                $primary, $replica, $group->master;

inherits('prize_redis_cluster on;', 'prize_redis_cluster off;', $seeds,
         "200 $first", "503 \Q$seeds\E");
inherits("prize_redis_sentinel $name;", 'prize_redis_sentinel off;', $watch,
         "200 $master", "503 \Q$watch\E");
inherits("prize_redis_sentinel $name;", 'prize_redis_sentinel nobody;', $watch,
         "200 $master", '503 .*');

for my $case ([primary => $first], [prefer_primary => $first],
              [prefer_replica => $second])
{
    my ($word, $node) = @$case;
    my ($bad, $other) = $word eq 'prefer_replica' ? ('primary', $first)
                        : ('prefer_replica', $second);

    inherits("prize_redis_cluster on; prize_redis_read_from $word;",
             "prize_redis_cluster on; prize_redis_read_from $bad;", $seeds,
             "200 $node", "200 $other");
}

done_testing();
