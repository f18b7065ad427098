use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use JSON::PP qw(encode_json);
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Sentinel;

# conf/prometheus.yml and conf/alerts.yml: promtool takes them, each alert
# fires when it has to and not before, and asks for what nginx really tells.

my $root = root();
my $rules = slurp("$root/conf/alerts.yml");
my (%severity, %summary);

while ($rules =~ /-\ alert:\ (\w+)\n .*? severity:\ (\w+) .*?
                  summary:(?:\ >-)?\s+ (.*?) \n(?:\n|\z)/gsx)
{
    my ($alert, $severity, $summary) = ($1, $2, $3);

    $severity{$alert} = $severity;
    $summary{$alert} = $summary =~ s/\s+/ /gr;
}

my @alerts = sort keys %severity;


# the README's table

my ($table) = slurp("$root/README.md") =~ /^### Alerts\n(.*?)^## /ms;
my %said;

while ($table =~ /^\| (`Prize\S.*?`) \| (\w+) \|/gm) {
    my ($names, $said) = ($1, $2);
    $said{$_} = $said for $names =~ /(\w+)/g;
}

is_deeply(\%said, \%severity, 'the README has each, and how severe it is');


# The cases below, as promtool's JSON.  What fires has the instance, the
# severity and the summary of its rule, and the labels that the case names.

my (%fires, %quiet);

sub expected {
    my ($alert, $labels) = @_;
    my %label = (instance => 'h5', severity => $severity{$alert},
                 $labels =~ /(\w+)="([^"]*)"/g);
    my $summary = $summary{$alert};

    $summary =~ s/\{\{ \$labels\.(\w+) \}\}/$label{$1}/g;
    return { exp_labels => \%label,
             exp_annotations => { summary => $summary } };
}


sub promtool_case {
    my ($name, @lines) = split /\n/, $_[0];
    my (@series, @tests);

    for (@lines) {
        if (/^    (prize_\w+|up)(?:\{(.*)\})?  +(.*)/) {
            my $labels = join ', ', 'instance="h5", job="prize"', $2 // ();
            push @series, { series => "$1\{$labels}", values => $3 };

        } elsif (/^    (\w+)  no alert$/) {
            push @tests, { alertname => $_, eval_time => $1 } for @alerts;

        } elsif (/^    (\w+)  (no )?(Prize\w+)(?:\{(.*)\})?$/) {
            push @tests, { alertname => $3, eval_time => $1,
                           $2 ? () : (exp_alerts => [expected($3, $4 // '')]) };

        } else {
            die "$name: what is that?$_\n";
        }
    }

    for my $test (@tests) {
        my $seen = $test->{exp_alerts} ? \%fires : \%quiet;
        $seen->{ $test->{alertname} } = 1;
    }

    return { name => $name, interval => '5s', input_series => \@series,
             alert_rule_test => \@tests };
}


my @cases = map { promtool_case($_) }
            split /\n\n+/, do { local $/; <DATA> } =~ s/^#.*\n+//gmr;

is_deeply([grep { !$fires{$_} || !$quiet{$_} } @alerts], [],
          'of each there is a moment when it fires, and one when it does not');


sub promtool_succeeds {
    my ($what, @command) = @_;
    my ($status, $out, $err) = run('promtool', @command);

    is($status, 0, $what) or diag($out, $err);
}


promtool_succeeds('check config, and its rules', qw(check config),
                  "$root/conf/prometheus.yml");
promtool_succeeds('test rules', qw(test rules),
    spew(run_dir() . '/alerts.json', encode_json({
        rule_files => ["$root/conf/alerts.yml"], evaluation_interval => '5s',
        tests => \@cases })));


# what they ask for is there

my $ca = Test::Prize::Certificates->new;
my $group = Test::Prize::Sentinel->start(replicas => 0, sentinels => 1,
    tls => $ca->issue('server', names => 'IP:127.0.0.1'));
my $postgres = shared_postgres();
my $port = free_port();
my $nginx = Test::Prize::Nginx->start(files => { 'page.html' => '{{name}}' },
                                      http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    server {
        listen 127.0.0.1:$port;
        location = /h5 {
            prize_page page.html;
            @{[ $group->directives($ca) ]}
            prize_redis_connect_timeout 60s;
            prize_postgres_pass hr;
            prize_postgres_query
                "SELECT '1' AS id, 'One' AS name WHERE '1' = ANY(\$1)";
        }
        location = /metrics { prize_status; }
    }
CONF

my $url = "http://127.0.0.1:$port";
my ($metrics, $asked) = ('', 0);

# what has been connected to and asked tells all of it
eventually {
    HTTP::Tiny->new->get("$url/h5?id=1");
    $metrics = HTTP::Tiny->new->get("$url/metrics")->{content};
    $metrics =~ /^prize_redis_map_timestamp/m
        && $metrics =~ /^prize_redis_certificate_end/m;
} 'the Sentinel';

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

__DATA__
# A case: what Prometheus has read each five seconds, of "h5" and the job
# "prize", and which alerts there are after that time, or are not.

PrizeNotScraped
    up  1x3 0x20
    25s  no PrizeNotScraped
    45s  PrizeNotScraped{job="prize"}

PrizeDown
    prize_breaker_open{backend="redis", peer="10.0.0.1:6379"}  0x3 2x20
    prize_breaker_open{backend="postgres", peer="hr"}  0x5 2x20
    prize_redis_connections{peer="10.0.0.1:6379", state="connected"}  2x3 0x20
    prize_postgres_connections{state="connected"}  4x5 0x20
    25s  no PrizeDown
    45s  PrizeDown

PrizeDown, not by a Redis whose idle connections were closed
    prize_breaker_open{backend="redis", peer="10.0.0.1:6379"}  0x20
    prize_breaker_open{backend="postgres", peer="hr"}  2x20
    prize_redis_connections{peer="10.0.0.1:6379", state="connected"}  0x20
    prize_postgres_connections{state="connected"}  0x20
    45s  no PrizeDown

PrizeDown, where only the Sentinels answer
    prize_breaker_open{backend="redis", peer="10.0.0.1:6379"}  2x20
    prize_redis_connections{peer="10.0.0.1:6379", state="connected"}  0x20
    prize_redis_connections{peer="10.0.0.1:26379", state="connected"}  2x20
    prize_redis_role{peer="10.0.0.1:6379", role="primary"}  2x20
    prize_redis_role{peer="10.0.0.1:26379", role="sentinel"}  2x20
    45s  PrizeDown

PrizeDown, not while the master answers
    prize_breaker_open{backend="redis", peer="10.0.0.2:6379"}  2x20
    prize_redis_connections{peer="10.0.0.1:6379", state="connected"}  2x20
    prize_redis_connections{peer="10.0.0.1:26379", state="connected"}  2x20
    prize_redis_role{peer="10.0.0.1:26379", role="sentinel"}  2x20
    45s  no PrizeDown

PrizeDown, of PostgreSQL alone
    prize_breaker_open{backend="postgres", peer="hr"}  2x20
    prize_postgres_connections{state="connected"}  0x20
    45s  PrizeDown

PrizeUnavailable
    prize_http_requests_total{code="200"}  0+100x20
    prize_http_requests_total{code="503"}  0+200x20
    1m  PrizeUnavailable

PrizeUnavailable, not by a few answers in a quiet hour
    prize_http_requests_total{code="200"}  3x20
    prize_http_requests_total{code="503"}  0x5 1 2 3 4 5 6x9
    1m  no PrizeUnavailable
    1m  PrizeErrors

PrizeWrongOwner
    prize_owner_mismatches_total  0x3 1x20
    15s  no PrizeWrongOwner
    30s  PrizeWrongOwner{job="prize"}

PrizeErrors
    prize_http_requests_total{code="200"}  0+1000x20
    prize_http_requests_total{code="500"}  0+2x20
    1m  PrizeErrors

PrizeRedisAway
    prize_breaker_open{backend="redis", peer="10.0.0.1:6379"}  0x3 1x20
    prize_breaker_open{backend="redis", peer="10.0.0.2:6379"}  0x20
    25s  no PrizeRedisAway
    35s  PrizeRedisAway{job="prize", backend="redis", peer="10.0.0.1:6379"}

PrizePostgresAway
    prize_breaker_open{backend="postgres", peer="hr"}  0x3 1x20
    25s  no PrizePostgresAway
    35s  PrizePostgresAway{job="prize", backend="postgres", peer="hr"}

PrizeSlow
    prize_request_duration_seconds_bucket{source="redis", le="0.0075"}  0+90x30
    prize_request_duration_seconds_bucket{source="redis", le="0.01"}  0+98x30
    prize_request_duration_seconds_bucket{source="redis", le="0.015"}  0+100x30
    prize_request_duration_seconds_bucket{source="redis", le="+Inf"}  0+100x30
    prize_request_duration_seconds_count{source="redis"}  0+100x30
    90s  PrizeSlow

PrizeQueueFilling
    prize_postgres_queue_length  0x3 513x20
    prize_postgres_queue_max  1024x20
    15s  no PrizeQueueFilling
    30s  PrizeQueueFilling{job="prize"}

PrizeShed
    prize_shed_total{reason="queue_full"}  0x3 5x20
    prize_shed_total{reason="down"}  0x20
    15s  no PrizeShed
    30s  PrizeShed{job="prize", reason="queue_full"}

PrizeStaleRecords
    prize_stale_records_total  0x3 5x20
    15s  no PrizeStaleRecords
    30s  PrizeStaleRecords{job="prize"}

PrizeRedisRefuses
    prize_redis_errors_total{peer="10.0.0.1:6379", reason="denied"}  0x3 1x20
    prize_redis_errors_total{peer="10.0.0.1:6379", reason="lost"}  0x3 1x20
    15s  no PrizeRedisRefuses
    30s  PrizeRedisRefuses{job="prize", peer="10.0.0.1:6379", reason="denied"}

PrizePostgresRefuses
    prize_postgres_errors_total{reason="query"}  0x3 1x20
    prize_postgres_errors_total{reason="connect"}  0x3 1x20
    15s  no PrizePostgresRefuses
    30s  PrizePostgresRefuses{job="prize", reason="query"}

PrizeQueryWrong
    prize_postgres_wrong_queries  0x3 1x20
    15s  no PrizeQueryWrong
    30s  PrizeQueryWrong{job="prize"}

PrizeCertificateEnds
    prize_redis_certificate_end_seconds{peer="h", owner="client"}  1209630x20
    prize_redis_certificate_end_seconds{peer="h", owner="server"}  1209700x20
    25s  no PrizeCertificateEnds
    35s  PrizeCertificateEnds{job="prize", peer="h", owner="client"}

PrizeSlotsUncovered
    prize_redis_uncovered_slots  0x3 5461x20
    15s  no PrizeSlotsUncovered
    30s  PrizeSlotsUncovered{job="prize"}

PrizeMapOld
    prize_redis_map_timestamp_seconds  10x60
    3m  no PrizeMapOld
    195s  PrizeMapOld{job="prize"}

PrizeRefreshesFail
    prize_redis_refreshes_total{result="ok"}  0+1x3 3x60
    prize_redis_refreshes_total{result="failed"}  0x3 0+1x60
    1m  no PrizeRefreshesFail
    3m  PrizeRefreshesFail

PrizeRefreshesFail, from the start
    prize_redis_refreshes_total{result="ok"}  0x60
    prize_redis_refreshes_total{result="failed"}  0+1x60
    30s  PrizeRefreshesFail

PrizeRefreshesFail, not while others succeed
    prize_redis_refreshes_total{result="ok"}  0+1x60
    prize_redis_refreshes_total{result="failed"}  0+5x60
    3m  no PrizeRefreshesFail

PrizeWriteBackFails
    prize_writebacks_total{result="failed"}  0x3 1x20
    prize_writebacks_total{result="stored"}  0+5x20
    15s  no PrizeWriteBackFails
    30s  PrizeWriteBackFails{job="prize", result="failed"}

PrizeWorkersStarted
    prize_worker_starts_total  4x3 5x20
    15s  no PrizeWorkersStarted
    30s  PrizeWorkersStarted{job="prize"}

PrizeRestarted
    prize_start_time_seconds  100x3 115x20
    15s  no PrizeRestarted
    30s  PrizeRestarted{job="prize"}

PrizeLogSuppressed
    prize_log_suppressed_total  0x3 90x20
    15s  no PrizeLogSuppressed
    30s  PrizeLogSuppressed{job="prize"}

PrizeBusy
    prize_http_requests_total{code="200"}  0+10100x20
    1m  PrizeBusy

PrizeQuiet
    prize_http_requests_total{code="200"}  0+10x10 100x80
    1m  no PrizeQuiet
    5m  PrizeQuiet

all is well
    up  1x400
    prize_start_time_seconds  100x400
    prize_http_requests_total{code="200"}  0+9900x400
    prize_http_requests_total{code="404"}  0+80x400
    prize_http_requests_total{code="500"}  0x400
    prize_http_requests_total{code="503"}  0+5x400
    prize_breaker_open{backend="redis", peer="10.0.0.1:6379"}  0x400
    prize_breaker_open{backend="postgres", peer="hr"}  0x400
    prize_redis_connections{peer="10.0.0.1:6379", state="connected"}  2x400
    prize_redis_certificate_end_seconds{peer="h", owner="server"}  1300000x400
    prize_postgres_connections{state="connected"}  4x400
    prize_request_duration_seconds_bucket{le="0.0075"}  0+9000x400
    prize_request_duration_seconds_bucket{le="0.01"}  0+9990x400
    prize_request_duration_seconds_bucket{le="+Inf"}  0+10000x400
    prize_request_duration_seconds_count  0+10000x400
    prize_postgres_queue_length  512x400
    prize_postgres_queue_max  1024x400
    prize_shed_total{reason="queue_full"}  0x400
    prize_owner_mismatches_total  0x400
    prize_stale_records_total  7x400
    prize_redis_errors_total{peer="10.0.0.1:6379", reason="lost"}  0x100 1x300
    prize_postgres_errors_total{reason="connect"}  0x100 1x300
    prize_redis_role{peer="10.0.0.1:6379", role="primary"}  2x400
    prize_redis_redirects_total{kind="moved"}  0+1x400
    prize_redis_refreshes_total{result="ok"}  0+0x10 1+1x389
    prize_redis_refreshes_total{result="failed"}  0x100 1x300
    prize_postgres_wrong_queries  0x400
    prize_redis_uncovered_slots  0x400
    prize_redis_map_timestamp_seconds  0+5x400
    prize_writebacks_total{result="stored"}  0+3x400
    prize_writebacks_total{result="failed"}  0x400
    prize_worker_starts_total  4x400
    prize_log_suppressed_total  0x400
    30m  no alert
