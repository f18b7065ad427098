use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use List::Util qw(max);
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Sentinel;

# conf/grafana.json: it is a dashboard as Grafana has them, and each of its
# expressions has data where a Prometheus with conf/prometheus.yml has asked
# three hosts.

my $dashboard = decode_json(slurp(root() . '/conf/grafana.json'));
my @panels = @{ $dashboard->{panels} };


# ---- the model

# what a panel of each type has to have besides its targets
my %options = (row => [], stat => ['reduceOptions'],
               timeseries => [qw(legend tooltip)], table => ['showHeader'],
               bargauge => ['reduceOptions'],
               'state-timeline' => ['mergeValues']);

cmp_ok($dashboard->{schemaVersion}, '>=', 36, 'a schema that Grafana 9 has');
ok(length $dashboard->{title} && $dashboard->{uid} =~ /^[\w-]{8,40}$/,
   'a title, and an UID');
is_deeply([grep { !$options{$_->{type}} } @panels], [], 'types of panels');

my @ids = sort { $a <=> $b } map { $_->{id} } @panels;
is_deeply(\@ids, [1 .. @panels], 'each panel has an ID of its own');

my @rows = grep { $_->{type} eq 'row' } @panels;
is_deeply([map { $_->{title} =~ /^(\w+ ?\w* ?\w*)/ } @rows],
          ['Gateway', 'Function', 'Who is behind'], 'the three parts');
is_deeply([grep { $_->{gridPos}{w} != 24 || $_->{gridPos}{h} != 1
                  || @{ $_->{panels} } || $_->{collapsed} } @rows], [],
          'which are open');

my (%taken, @overlap, @outside);

for my $panel (@panels) {
    my ($x, $y, $w, $h) = @{ $panel->{gridPos} }{qw(x y w h)};

    push @outside, $panel->{title}
        if $x < 0 || $y < 0 || $w < 1 || $h < 1 || $x + $w > 24;

    for my $column ($x .. $x + $w - 1) {
        for my $line ($y .. $y + $h - 1) {
            push @overlap, $panel->{title} if $taken{"$column,$line"}++;
        }
    }
}

is_deeply(\@outside, [], 'no panel stands outside of the 24 columns');
is_deeply(\@overlap, [], 'none stands on another one');
is_deeply([grep { my $line = $_; !grep { $taken{"$_,$line"} } 0 .. 23 }
           0 .. max(map { $_->{gridPos}{y} } @panels)], [],
          'and there is no gap between them');

my %variable = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };
my $source = { type => 'prometheus', uid => '${datasource}' };

is($variable{datasource}{query}, 'prometheus', 'which Prometheus is asked');
is_deeply($variable{instance}{datasource}, $source, 'who asks for the hosts');

my @targets;

for my $panel (grep { $_->{type} ne 'row' } @panels) {
    my $name = $panel->{title};
    my %ref = map { ($_->{refId} // '') => 1 } @{ $panel->{targets} };

    is_deeply($panel->{datasource}, $source, "$name: its datasource");
    is(keys %ref, @{ $panel->{targets} }, "$name: its targets' names differ");
    is_deeply([grep { !exists $panel->{options}{$_} }
               @{ $options{$panel->{type}} }], [], "$name: its options");
    is_deeply([grep { !$variable{$_} && !/^__(?:rate_interval)$/ }
               map { $_->{expr} =~ /\$\{?(\w+)/g } @{ $panel->{targets} }], [],
              "$name: its variables are there");

    # a column that is renamed is one of those there are
    for my $organize (grep { $_->{id} eq 'organize' }
                      @{ $panel->{transformations} // [] }) {
        is_deeply([grep { /#(\w)/ && !$ref{$1} }
                   map { keys %{ $organize->{options}{$_} } }
                   qw(excludeByName renameByName)], [], "$name: its columns");
    }

    push @targets, map { { %$_, panel => "$name, $_->{refId}" } }
                   @{ $panel->{targets} };
}

cmp_ok(@targets, '>', 50, 'all expressions were found');


# ---- three hosts

my $ca = Test::Prize::Certificates->new;
my $us = $ca->issue('nginx');
my $group = Test::Prize::Sentinel->start(replicas => 1, sentinels => 1,
    tls => $ca->issue('server', names => 'IP:127.0.0.1'));
my $postgres = shared_postgres();
my @hosts = map { free_port() } 1 .. 3;
my @nginx = map { Test::Prize::Nginx->start(
    files => { 'page.html' => '{{id}} {{name}}' }, http => <<"CONF") } @hosts;
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    server {
        listen 127.0.0.1:$_;
        location = /h5 {
            prize_page page.html;
            @{[ $group->directives($ca, $us) ]}
            $patient
            prize_postgres_pass hr;
            prize_postgres_query
                "SELECT u AS id, 'Ann' AS name FROM unnest(\$1::text[]) AS u
                 WHERE u <> 'nobody'";
        }
        location = /metrics { prize_status; }
    }
CONF

my $prometheus = prometheus();


# conf/prometheus.yml, with other targets and without its rules

sub prometheus {
    my $dir = Test::Prize::Process->new_dir('prometheus');
    my $port = free_port();
    my $config = slurp(root() . '/conf/prometheus.yml');
    my $targets = join ', ', map { qq("127.0.0.1:$_") } @hosts;

    $config =~ s/^  \w+_(?:interval|timeout): \K\d+s$/1s/gm;
    $config =~ s/^rule_files:\n.*\n//m or die 'no rules';
    $config =~ s/targets: \[\K"127\.0\.0\.1:80"/$targets/ or die 'no targets';

    my $server = Test::Prize::Process->attach(dir => $dir, port => $port);

    $server->spawn(command => ['prometheus',
        '--config.file=' . spew("$dir/prometheus.yml", $config),
        "--storage.tsdb.path=$dir/data", '--log.level=warn',
        "--web.listen-address=127.0.0.1:$port"]);
    return $server->await('Prometheus', sub {
        HTTP::Tiny->new->get("http://127.0.0.1:$port/-/ready")->{success};
    });
}


sub ask {
    my ($path, %argument) = @_;
    my $answer = HTTP::Tiny->new(timeout => 60)->post_form(
        "http://127.0.0.1:$prometheus->{port}/api/v1/$path", \%argument);
    my $said = eval { decode_json($answer->{content}) } // {};

    die "$path: $answer->{content}\n" if ($said->{status} // '') ne 'success';
    return $said->{data};
}


# as Grafana does it, where all hosts are chosen

my $instances = join '|', map { "127\\\\.0\\\\.0\\\\.1:$_" } @hosts;

sub filled {
    my ($expression) = @_;

    return $expression =~ s/\$instance/($instances)/gr
                       =~ s/\$__rate_interval/20s/gr;
}


# The series of an expression that have a value; what is by host is to have
# one of each.

sub series {
    my ($target) = @_;
    my $result = ask('query', query => filled($target->{expr}))->{result};
    my @with = grep { $_->{value}[1] =~ /^-?\d/ } @$result;
    my %host = map { ($_->{metric}{instance} // '') => 1 } @with;

    return if $target->{expr} =~ /by \(instance\b/ && keys %host < @hosts;
    return @with;
}


my @wanted = @targets;
my ($round, %series) = (0);

# one whom Redis knows from the second time on, and one whom nobody knows
eval {
    eventually {
        $round++;

        for my $port (@hosts) {
            HTTP::Tiny->new->get("http://127.0.0.1:$port/h5?id=$_")
                for "a$round", "a$round", 'a1', 'nobody';
        }

        @wanted = grep { !@{ $series{$_->{panel}} = [series($_)] } } @wanted;
        !@wanted;
    } 'data of each', 90;
} or note($@);

is_deeply([map { "$_->{panel}: $_->{expr}" } @wanted], [],
          'each expression has data, by host from each host');

for my $target (grep { $_->{legendFormat} } @targets) {
    my @labels = $target->{legendFormat} =~ /\{\{(\w+)\}\}/g;

    is_deeply([map { my $series = $_; grep { !exists $series->{metric}{$_} }
                                      @labels }
               @{ $series{$target->{panel}} }], [],
              "$target->{panel}: has the labels of its legend");
}

my ($label) = $variable{instance}{query}{query}
              =~ /^label_values\(prize_build_info, (\w+)\)$/;
my %labelled = map { ($_->{metric}{$label // ''} // '') => 1 }
               @{ ask('query', query => 'prize_build_info')->{result} };

is_deeply([sort keys %labelled], [sort map { "127.0.0.1:$_" } @hosts],
          'the hosts that can be chosen');

# a name behind "or" would not be missed by what is above
my $metrics = HTTP::Tiny->new->get("http://127.0.0.1:$hosts[0]/metrics");
my %told = map { $_ => 1 } $metrics->{content} =~ /^(prize_\w+)/gm;

is_deeply([grep { !$told{$_} }
           map { $_->{expr} =~ /\b(prize_\w+)/g } @targets], [],
          'each metric is one of the module');
done_testing();
