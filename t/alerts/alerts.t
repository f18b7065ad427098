use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use Test::More;
use Test::Prize;

# conf/prometheus.yml and conf/alerts.yml: promtool takes them, each alert
# fires when it has to, and asks for what nginx really tells.

my $root = root();
my $rules = slurp("$root/conf/alerts.yml");
my @alerts = $rules =~ /^ *- alert: (\w+)$/mg;

cmp_ok(scalar @alerts, '>=', 15, 'there are alerts');


sub promtool_succeeds {
    my ($what, @command) = @_;
    my ($status, $out, $err) = run('promtool', @command);

    is($status, 0, $what) or diag($out, $err);
}


promtool_succeeds('check config, and its rules', qw(check config),
                  "$root/conf/prometheus.yml");
promtool_succeeds('test rules', qw(test rules),
                  "$root/t/alerts/alerts.yml");


# the README's table

my %severity = $rules =~ /- alert: (\w+)\n.*?severity: (\w+)/gs;
my ($table) = slurp("$root/README.md") =~ /^### Alerts\n(.*?)^## /ms;
my %said;

while ($table =~ /^\| (`Prize\S.*?`) \| (\w+) \|/gm) {
    my ($names, $said) = ($1, $2);
    $said{$_} = $said for $names =~ /(\w+)/g;
}

is_deeply(\%said, \%severity, 'the README has each, and how severe it is');


# of each there is a moment when it fires, and one when it does not

my $tests = slurp("$root/t/alerts/alerts.yml");
my (%fires, %quiet);

while ($tests =~ /- alertname: (\w+)\n +eval_time: .*\n( +exp_alerts:)?/g) {
    ($2 ? \%fires : \%quiet)->{$1} = 1;
}

is_deeply([grep { !$fires{$_} || !$quiet{$_} } @alerts], [],
          'each alert has tests');


# what they ask for is there

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $nginx = Test::Prize::Nginx->start(files => { 'page.html' => '{{name}}' },
                                      http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    server {
        listen 127.0.0.1:$port;
        location = /h5 {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$redis->{port};
            prize_postgres_pass hr;
            prize_postgres_query
                "SELECT '1' AS id, 'One' AS name WHERE '1' = ANY(\$1)";
        }
        location = /metrics { prize_status; }
    }
CONF

my $metrics = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")
                             ->{content};
my $asked = 0;

while ($rules =~ /\b(prize_\w+)(?:\{(\w+)=~?"([^"]*)"\})?/g) {
    my ($name, $label, $values) = ($1, $2, $3);

    if (!defined $label) {
        like($metrics, qr/^$name(?:\{| )/m, "$name is told");
        $asked++;
        next;
    }

    for my $value (split /\|/, $values) {
        like($metrics, qr/^$name\{(?:.*,)?$label="$value"[,}]/m,
             "$name with $label $value is told");
        $asked++;
    }
}

cmp_ok($asked, '>=', 25, 'all names were found');

done_testing();
