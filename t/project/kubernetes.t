use strict;
use warnings;

use lib 't/lib';
use File::Basename qw(basename);
use JSON::PP ();
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::DNS;
use Test::Prize::Source;

# The samples for Kubernetes, without one: its own schema takes the manifests,
# what they name of each other is there, and nginx serves with the
# configuration.

my $conf = root() . '/conf/kubernetes';
my $source = Test::Prize::Source->new(root());
my $dir = run_dir() . "/kubernetes$$";

mkdir $dir or BAIL_OUT("mkdir $dir: $!");


# ---- the manifests

my @files = map { basename($_) } sort glob "$conf/*.yaml";
my $read;

{
    local $ENV{NODE_PATH} = "$ENV{TEST_NGINX_BUILD}/browser/node_modules";
    my ($status, $out, $err) = run('node', root() . '/t/project/kubernetes.js',
                                   map { "$conf/$_" } @files);

    is($status, 0, 'the manifests can be read') or BAIL_OUT($err);
    $read = JSON::PP::decode_json($out);
}

is_deeply($read->{complaints}, [], 'and are what Kubernetes takes');

my (%object, $adapter);

for my $object (@{ $read->{objects} }) {
    $object->{kind} ? $object{"$object->{kind} " .
                              ($object->{metadata}{name} // '')} = $object
                    : ($adapter = $object);
}

my $kustomization = delete $object{'Kustomization '};
my $deployment = $object{'Deployment prize'}{spec};
my $pod = $deployment->{template}{spec};
my ($container) = @{ $pod->{containers} };
my $scaler = $object{'HorizontalPodAutoscaler prize'}{spec};


sub sorted { return [sort @_] }

sub named { return map { $_->{name} } @_ }

is_deeply(sorted(@{ $kustomization->{resources} }),
          [grep { !/^kustomization|^prometheus-adapter/ } @files],
          'kustomization.yaml has all of them');
is_deeply([grep { !-e "$conf/$_" && !-e root() . "/conf/$_" }
           map { @{ $_->{files} } } @{ $kustomization->{configMapGenerator} }],
          [], 'and files that are there');
is_deeply(sorted(map { $_->{configMap}{name} // () } @{ $pod->{volumes} }),
          sorted(named(@{ $kustomization->{configMapGenerator} })),
          'the pods mount the ConfigMaps whose names it completes');
is_deeply($kustomization->{images}, [{ name => $container->{image},
              newTag => $source->value('PRIZE_VERSION') }],
          'and run the image of this version');

is_deeply(sorted(named(@{ $container->{volumeMounts} })),
          sorted(named(@{ $pod->{volumes} })), 'each volume is mounted');
is_deeply([map { $_->{secret} ? $_->{secret}{defaultMode} : () }
           @{ $pod->{volumes} }], [0440], 'a secret for the group alone');
ok(!exists $deployment->{replicas}, 'the number is the autoscaler\'s');
ok(!exists $container->{livenessProbe}, 'no probe ends a pod');

my $labels = $deployment->{template}{metadata}{labels};

is_deeply($_->[1], $labels, "$_->[0] means the pods")
    for ['the Deployment', $deployment->{selector}{matchLabels}],
        ['the Service', $object{'Service prize'}{spec}{selector}],
        ['the budget',
         $object{'PodDisruptionBudget prize'}{spec}{selector}{matchLabels}],
        map { ["spread by $_->{topologyKey}",
               $_->{labelSelector}{matchLabels}] }
            @{ $pod->{topologySpreadConstraints} };

my %port = map { $_->{name} => $_->{containerPort} } @{ $container->{ports} };

is_deeply([map { $_->{targetPort} } @{ $object{'Service prize'}{spec}{ports} }],
          ['http'], 'the Service leads to the pages alone');

my $probe = $container->{readinessProbe};

is($probe->{httpGet}{port}, 'probes', 'the probe has a port of its own');
is($deployment->{template}{metadata}{annotations}{'prometheus.io/port'},
   $port{probes}, 'and Prometheus the same');


# the autoscaler and who changes it

is($scaler->{scaleTargetRef}{name}, 'prize', 'the autoscaler means them');

my ($rule) = @{ $adapter->{rules}{custom} };
my @metrics = map { $_->{pods} ? $_->{pods}{metric}{name} : () }
              @{ $scaler->{metrics} };

is_deeply(\@metrics, [$rule->{name}{as}], 'by the metric of the adapter');
ok(exists $source->metrics->{ ($rule->{seriesQuery} =~ /^(\w+)/)[0] },
   'which is made of one of ours');

for my $when (qw(before after)) {
    my $job = $object{"CronJob prize-$when"}{spec}{jobTemplate}{spec}
              {template}{spec};
    my @command = @{ $job->{containers}[0]{command} };
    my ($patch) = map { /^--patch=(.*)/ } @command;
    my $least = JSON::PP::decode_json($patch)->{spec}{minReplicas};

    is_deeply([@command[0 .. 3]], [qw(kubectl patch hpa prize)],
              "$when: the autoscaler");
    ok(exists $object{"ServiceAccount $job->{serviceAccountName}"},
       'by an account that is there');
    cmp_ok($least, $when eq 'before' ? '>' : '==', $scaler->{minReplicas},
           "$least pods");
    cmp_ok($least, '<=', $scaler->{maxReplicas}, 'no more than the most');
}

my $role = $object{'Role prize-schedule'};
my $binding = $object{'RoleBinding prize-schedule'};

is_deeply($role->{rules}[0]{resourceNames}, ['prize'], 'which may change that');
is_deeply([$binding->{roleRef}{name}, named(@{ $binding->{subjects} })],
          [('prize-schedule') x 2], 'and is given the right');


# ---- the configuration, with other ports and folders

my $text = slurp("$conf/nginx.conf");
my ($stop) = grep { /touch/ }
             @{ $container->{lifecycle}{preStop}{exec}{command} };
my ($draining, $sleep) = $stop =~ /^touch (\S+) && sleep (\d+)$/;
my ($shutdown) = $text =~ /^worker_shutdown_timeout (\d+)s;/m;
my ($keepalive) = $text =~ /^ *keepalive_timeout (\d+)s;/m;

cmp_ok($probe->{periodSeconds} * $probe->{failureThreshold}
       + $probe->{timeoutSeconds}, '<', $sleep,
       'a pod is told by its probe before it takes nobody any more');
cmp_ok($keepalive, '<', $sleep, 'and a connection that nobody uses is gone');
cmp_ok($sleep + $shutdown, '<', $pod->{terminationGracePeriodSeconds},
       'and what it has left to do is done before it is killed');
is_deeply(sorted($text =~ /^ *listen (\d+)/mg), sorted(values %port),
          'the ports are those of the pods');
is_deeply([grep { !/\.svc\.cluster\.local$/ }
           $text =~ /(?:host=|_pass +|resolver )([a-z][\w.-]*\.[\w.-]+)/g], [],
          'names are written in full');

for my $path (qw(/etc/nginx/nginx.conf /etc/nginx/pages /etc/nginx/keys /run
                 /var/lib/nginx))
{
    ok((grep { $_->{mountPath} eq $path } @{ $container->{volumeMounts} }),
       "$path is mounted");
}

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $dns = Test::Prize::DNS->start;
my ($port, $probes) = (free_port(), free_port());
my $client = Test::Prize::Client->new($port);
my $prober = Test::Prize::Client->new($probes);
my $load = join '', map { "load_module $_;\n" } split ' ', module();
my $temp = join "\n", map { "${_}_temp_path temp/$_;" }
           qw(client_body proxy fastcgi uwsgi scgi);

mkdir "$dir/$_" or BAIL_OUT("mkdir $dir/$_: $!") for qw(pages keys);
spew("$dir/pages/" . basename($_), slurp($_))
    for glob root() . '/conf/pages/*.html';
spew("$dir/keys/h5.keys", '2026a ' . 'b2xk' x 11 . "\n");
spew("$dir/keys/h5.postgres", "sesame\n");
chmod 0440, glob "$dir/keys/*" or BAIL_OUT("chmod: $!");

for my $change (
    [qr/^load_module .*\n/m  => "${load}daemon off;\nworker_processes 1;\n"],
    [qr{/run/nginx\.pid}     => 'nginx.pid'],
    [qr{/run/draining}       => "$dir/draining"],
    [qr/error_log stderr/    => 'error_log error.log'],
    [qr{/dev/stdout prize buffer=64k flush=1s} => 'access.log prize'],
    [qr/listen 8080/         => "listen 127.0.0.1:$port"],
    [qr/listen 8081/         => "listen 127.0.0.1:$probes"],
    [qr{/etc/nginx/pages/}   => "$dir/pages/"],
    [qr{ pages/gift}         => " $dir/pages/gift"],
    [qr{/etc/nginx/keys/}    => "$dir/keys/"],
    [qr/resolver kube[\w.-]+/ => "resolver $dns->{address}"],
    [qr/(?<=cluster\.local):6379/ => ":$redis->{port}"],
    [qr/dbname=hr user=h5/   => "port=$postgres->{port} dbname=postgres"
                                . ' user=postgres'],
    [qr/^http \{\n/m         => "http {\n$temp\n$patient\n"])
{
    my ($from, $to) = @$change;

    die "nginx.conf has no $from\n" unless $text =~ s/$from/$to/g;
}

my $nginx = Test::Prize::Nginx->prepare(files =>
    { 'mime.types' => "types { text/html html; }\n" });

spew("$nginx->{dir}/nginx.conf", join "\n",
     map({ "env $_;" } grep { /^(?:A|L|UB)SAN_/ } sort keys %ENV), $text);

my ($status, $said) = $nginx->test;

is($status, 0, 'nginx -t takes it') or diag($said);
unlike($said, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'in silence');


# who has a page in which store

$redis->command(qw(HSET employee:E1 id E1 name Lin prize phone
                   department Lab claim_url gift.example.com));
$postgres->sql('CREATE TABLE employee (id text PRIMARY KEY, name text,
                department text, prize text, claim_url text)');
$postgres->sql("INSERT INTO employee VALUES ('E2', 'Chen', 'Ops', 'no', '')");

my ($failed, $signed, $why) = run({ stdin => "id\nE1\nE2\n" }, prizectl(),
    'sign', '--key-file', "$dir/keys/h5.keys", '--event', 'gift-2026', '--url',
    'https://h5.example.com/h5', '--expires', '2099-01-01T00:00Z');
my %link = $signed =~ m{^([^,]+),https://[^/]+(/\S+)\r?$}mg;

is($failed, 0, 'links') or diag($why);

$nginx->start;
is($prober->get('/ready')->{status}, 503, 'not ready before a store is found');

my $stores = 'stores.svc.cluster.local';

$dns->set("redis.$stores" => '127.0.0.1');
$dns->set("postgres.$stores" => '127.0.0.1');
eventually { $prober->get('/ready')->{status} == 200 } 'ready';

# who asks again and again would be limited
for my $store (qw(redis postgres)) {
    eventually { $prober->get('/metrics')->{body} =~
                 /^prize_${store}_connections\{.*"connected"\} [1-9]/m } $store;
}

for my $case (['E1', 'Lin'], ['E2', 'Chen']) {
    my ($id, $name) = @$case;
    my $answer = $client->get($link{$id});

    is($answer->{status}, 200, "$id has a page");
    like($answer->{body}, qr/\b$name\b/, 'which is the own one');
}

is($client->get('/h5')->{status}, 400, 'no ID: 400');
is($client->get($_)->{status}, 404, "$_ is not for everybody")
    for qw(/ready /metrics);
like($prober->get('/metrics')->{body}, qr/^prize_build_info/m,
     'but for Prometheus');


# both stores die, and then the pod is told to go

$redis->stop;
$dns->set("postgres.$stores" => 'NXDOMAIN');
is($prober->get('/ready')->{status}, 200, 'without stores it stays');
spew("$dir/draining", '');
is($prober->get('/ready')->{status}, 503, 'and goes by the file of preStop');
is($client->get('/h5')->{status}, 400, 'while it serves who still comes');
$nginx->stop;

like($nginx->access_log, qr{"GET /h5 HTTP/1\.1" 200 .* id=E1 source=redis},
     'the log has one from Redis');
like($nginx->access_log, qr{"GET /h5 HTTP/1\.1" 200 .* id=E2 source=postgres},
     'and one from PostgreSQL');


done_testing();
