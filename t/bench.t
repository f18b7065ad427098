use strict;
use warnings;

use lib 't/lib', 't/bench';
use IO::Compress::Gzip qw(gzip $GzipError);
use Instructions;
use Test::More;
use Test::Prize;
use Measure;
use Report;
use Rounds;
use Site;

# The bench itself: that its clients count what came, that a failure is none
# of its figures, and that its arithmetic is right.

gzip(\('x' x 15_360), \my $gzipped) or die $GzipError;

my $port = free_port();
my $nginx = Test::Prize::Nginx->start(connections => 2048,
    files => { 'html/page' => 'x' x 15_360, 'html/page.gz' => $gzipped,
               'html/large' => 'x' x 400_000 },
    http => <<"CONF");
    server {
        listen 127.0.0.1:$port backlog=1024;
        location /page { gzip_static on; }
        location /short { return 200 ''; }
        location /gone { return 503; }
        location /shown { return 200 "<body data-id='\$arg_id'>"; }
    }
CONF

sub clients {
    my (@options) = @_;
    my ($status, $out, $err) = run(Measure::client_program(), '-p', $port,
                                   @options);
    my %got = $out =~ /(\w+)=(\d+)/g;

    return ($status, \%got, $err);
}


{
    my ($status, $got) = clients('-c', 500, '/large');

    is($status, 0, 'clients that ask once');
    is_deeply([@$got{qw(pages failed)}], [500, 0], 'each has its page');
    cmp_ok($got->{bytes}, '>', 500 * 400_000, 'and all of it');
}

{
    my ($status, $got) = clients('-c', 100, '-k', '-n', 1000, '/page');

    is($status, 0, 'clients that are kept');
    is_deeply([@$got{qw(connected pages failed)}], [100, 1000, 0],
              'ask until all was asked');
}

{
    my ($status, $got, $err) = clients('-c', 20, '-s', 0.2, '/gone');

    is($status, 1, 'an error is a failure');
    is_deeply([@$got{qw(pages failed)}], [0, 20], 'for each of them');
    like($err, qr/503/, 'and is told');
}

for my $case (['-g', '/short', 'gzip that was asked for'],
              ['-e', 10, '/page-', 'a page that is not there'])
{
    my $what = pop @$case;
    my ($status, $got) = clients('-c', 5, @$case);

    is($status, 1, "without $what it fails");
    is($got->{failed}, 5, 'for each of them');
}

{
    my ($status, $got) = clients('-c', 5, '-g', '/page');

    is($status, 0, 'a gzipped page is one');
    cmp_ok($got->{bytes}, '<', 5 * 2000, 'and is shorter');
}

{
    my ($status, $got) = clients('-c', 5, '-k', '-n', 50, '-e', 10, '-i',
                                 '/shown?id=');

    is($status, 0, 'a page of who was asked for');
    is($got->{pages}, 50, 'each time');
    cmp_ok($got->{tail_us}, '<=', $got->{us},
           'and what comes after the last arrival is not more than all');

    my ($other, undef, $err) = clients('-c', 5, '-e', 10, '-i',
                                       '/shown?id=7&of=');

    is($other, 1, "somebody else's is a failure");
    like($err, qr/not the page of who was asked for/, 'and is told');
}

# what else may be measured is looked at once before

sub refused {
    my ($path, $expected, %subject) = @_;

    return '' if eval {
        Measure::check_page({ name => 'it', port => $port, %subject }, $path,
                            $expected);
        1;
    };
    return $@;
}

my $body = 'x' x 15_360;

is(refused('/page', $body), '', 'the page that is expected');
is(refused('/page', $body, gzip => 1), '', 'and gzipped, to be measured so');
is(refused('/page', "$body."), "it: another page\n", 'another is none');
is(refused('/page.gz', $gzipped, gzip => 1), "it: not gzipped\n",
   'one that goes plain is no gzipped one');
like(refused('/gone', $body), qr/^it: curl: /, 'an error is none either');

is_deeply([Measure::waits(1.5, 20)], [1.5], 'an answer before the next is due');
is_deeply([Measure::waits(50, 20)], [50, 30, 10],
          'a late one, and who could not ask meanwhile');


# ---- instructions

{
    my @plain = ('<body data-id="7">', 200, "\r\n");
    my @gzip = (Compress::Zlib::memGzip($plain[0]), 200,
                "\r\nContent-Encoding: gzip\r\n");

    is(Instructions::check(0, 7, @plain), undef, 'a page that is counted');
    is(Instructions::check(1, 7, @gzip), undef, 'and a gzipped one');
    like(Instructions::check(0, 8, @plain), qr/names "7"/,
         "somebody else's is not");
    like(Instructions::check(1, 8, @gzip), qr/names "7"/, 'nor gzipped');
    is(Instructions::check(1, 7, @plain), 'not gzipped', 'nor another way');
}

{
    my ($status, undef, $err) = run(Instructions::step_program(), 2 ** 22 + 1);

    is($status, 1, 'a process that is not there is none to step through');
    like($err, qr/^steps: cannot attach: /, 'which is said');
}

SKIP: {
    skip 'only root may step through any process', 2 if $>;

    my $pid = fork // die "fork: $!";
    exec 'sleep', '0.2' or die "sleep: $!" unless $pid;

    my ($status, $out, $err) = run(Instructions::step_program(), $pid);

    waitpid $pid, 0;
    is($status, 0, 'a process is stepped through to its end') or diag $err;
    like($out, qr/^attached\n[1-9]\d*$/, 'and its instructions are counted');
}


# ---- pages

for my $case ([4096, 1], [4096, 100], [15_360, 10], [262_144, 100]) {
    my ($bytes, $tags) = @$case;
    my $source = Site::source($bytes, $tags);
    my $found = () = $source =~ /\{\{\w+\}\}/g;

    is($found, $tags, "$tags tags on a page of $bytes bytes");
    cmp_ok(abs(length($source) - $bytes), '<', 20, 'which is so long');
}

ok(!eval { Site::source(1024, 100) }, 'a page without room for its tags');
ok(!Site::has_room(1024, 100), 'has none');
ok(!Site::has_room(4096, 0), 'and the ID is a tag');


# ---- who is measured

{
    my $site = bless { www => run_dir() }, 'Site';
    my $nginx = $site->start($site->static);

    spew(run_dir() . '/file', 'a file');
    is($nginx->get("http://127.0.0.1:$nginx->{port}/file")->{content},
       'a file', 'a static file');
    unlike(slurp("$nginx->{dir}/nginx.conf"), qr/load_module/,
           'is served by nginx alone');
}

SKIP: {
    my $site = bless { www => run_dir(), redis => Test::Prize::Redis->start },
               'Site';
    my $file = spew(run_dir() . '/page',
                    '<p>{{id}}, {{name}}, {{name}}, {{missing}}</p>');
    my $conf = $site->lua($file) or skip 'no Lua module for nginx', 1;
    my $nginx = $site->start($conf);

    $site->{redis}->command('HSET', 'employee:1', id => 1, name => '<&>');
    is($nginx->get("http://127.0.0.1:$nginx->{port}/lua?id=1")->{content},
       '<p>1, &lt;&amp;&gt;, &lt;&amp;&gt;, </p>', 'a page by Lua');
}


# ---- rounds

sub measured {
    my ($rounds, $void, $measure, @names) = @_;
    my @seen;

    my $got = Rounds::measure('part', $rounds, $void, sub {
        my ($subject, $warm) = @_;
        push @seen, $subject->{name} . ($warm ? '?' : '');
        return $measure->($subject->{name}, scalar @seen);
    }, map { { name => $_ } } @names);

    return ($got, "@seen");
}

{
    my ($got, $seen) = measured(2, {}, sub { { us => $_[1] } }, qw(a b c a));

    is($seen, 'a? c? b? a? a b c a a c b a',
       'every other round in reverse, after one that warms up');
    is_deeply($got->{of}{a}{us}, [5, 8, 9, 12], 'all that was measured');
    is_deeply([Rounds::ratios($got, 'a', 'b', 'us')], [5 / 6, 12 / 11],
              'neighbours are compared');
    is_deeply([Rounds::ratios($got, 'c', 'a', 'us')], [7 / 8, 10 / 9],
              'wherever they are');
    is_deeply([Rounds::ratios($got, 'a', 'd', 'us')], [], 'and nobody else');
}

{
    my %void;
    my ($got, $seen) = measured(3, \%void, sub {
        my ($name, $n) = @_;
        die "b failed\n" if $name eq 'b' && $n > 5;
        return { us => $n };
    }, qw(a b c));

    is_deeply(\%void, { 'part, b' => "b failed\n" }, 'who fails is void');
    is($seen, 'c? b? a? a b c c b a a c', 'and is not asked again');
    is_deeply([sort keys %{ $got->{of} }], [qw(a c)], 'nor counted');
    is_deeply([Rounds::ratios($got, 'a', 'b', 'us')], [], 'nor compared');
}


# ---- arithmetic

is(Report::median(3, 1, 2), 2, 'the median of three');
is(Report::median(4, 1, 2, 3), 2.5, 'and of four');
is(Report::thousands(1_234_567), '1,234,567', 'a number to read');

sub verdict {
    my ($goal, $ratios, $control, %more) = @_;

    return Report::verdict({ goal => $goal, ratios => $ratios,
                             control => $control, %more });
}

is(verdict(1, [0.9, 0.99, 1.2], []), 'met', 'a goal that is met');
is(verdict(1, [1.01, 1.02, 0.5], [1, 1]), 'not met', 'one that is not');
is(verdict(1, [1.02], [0.97, 1.01]),
   'not met, by less than the control varies', 'one that is nearly');
is(verdict(2.5, [1.5], [1.1], least => 1), 'not met', 'too little');
is(verdict(0.7, [0.71], [], least => 1), 'met', 'and enough');
is(verdict(1, []), 'not measured', 'no figure is no success');

# everybody is compared with whom a goal names, as they are ordered

sub part {
    my ($name, $void) = @_;

    return Rounds::measure($name, 1, $void, sub {
        return { map { $_ => 1 } qw(cpu throughput bytes seconds tail failed
                                    redis client p50 p99 store) };
    }, map { { name => $_ } } Rounds::order($name =~ s/,.*//r));
}

sub result {
    my ($void) = @_;

    return { set => { (map { $_ => 1 } qw(PAGE TAGS ROUNDS SECONDS PARTS)),
                      EMPLOYEES => 1000 },
             date => 'today', seconds => 1, machine => 'one',
             versions => ['none', 'of them'], void => $void };
}

{
    my $void = {};
    my $result = { %{ result($void) }, cpu => part('cpu', $void),
                   rate => part('rate', $void),
                   postgres => { %{ part('postgres', $void) },
                                 workers => 1, clients => 1, threads => 1 },
                   burst => { map { $_ => part("burst, $_", $void) }
                              qw(second once kept) } };
    my @goals = Report::goals($result);

    cmp_ok(scalar @goals, '>', 20, 'goals');
    is(join("\n", map { $_->{what} } grep { !@{ $_->{ratios} } } @goals), '',
       'all of which are measured');
    is(join("\n", map { $_->{what} }
                  grep { !@{ $_->{control} } && $_->{what} =~ /÷/ } @goals),
       "PostgreSQL's CPU, a transaction of pgbench ÷ a page",
       'each with its control');
    like(Report::markdown($result), qr/10,000 at once, plain .* \| met \|$/m,
         'and stand in the report');
}

{
    my $void = { map { $_ => "it failed\n" } 'cpu, lua', 'burst', 'postgres',
                                             'rate, prize-redis' };
    my $report = Report::markdown({ %{ result($void) },
                                    cpu => part('cpu', $void),
                                    rate => part('rate', $void) });

    like($report, qr/^\| \Q$_\E.* \| – \| .* \*\*void\*\* \|$/m, "void: $_")
        for 'worker CPU, plain ÷ OpenResty Lua',
            'time to the last page, 10,000 at once',
            'throughput, PostgreSQL only ÷ Redis',
            'p99 at 2,000 a second, ms', 'p99, plain ÷ static file';
    like($report, qr/^\| worker CPU, gzipped ÷ OpenResty.* \| not met \|$/m,
         'the others are not');
}

my %void = ('cpu, lua' => "3 of 4 requests failed\n");
my $report = Report::markdown({
    %{ result(\%void) }, cpu => part('cpu', \%void),
    instructions => { map { $_ => 100 } Instructions::names(),
                      qw(again million) },
    growth => [map { { grows => 'employees', to => $_,
                       cpu => [[$_ / 1000], [$_ / 1000]],
                       instructions => [$_ / 100, $_ / 100] } } 1000, 1200],
    load => { small => [0.4, 0.2, 0.3], load => [6e4, 5e4], pipe => [1e5, 1e5],
              load_mib => [8.2], verify_mib => [65], sign => [3e5] },
});

like($report, qr/Void.*cpu, lua: 3 of 4 requests failed/,
     'what is void is at the head');
like($report, qr/^\Q    make bench PAGE=1 TAGS=1\E.*\n\nMeasured: none, of them\.$/m,
     'so are the command and what was measured');
like($report, qr/1,000,000 employees ÷ 1,000 \| at most 1\.02 /,
     'a row names the roster that was measured');
like($report, qr/employees: \*\*not flat.*1\.200 times the instructions for it\.$/m,
     'and what grows is what was counted');
like($report, qr/12,000 records \| at most 1 \| 0\.300 \|.* met \|$/m,
     'prizectl load is');
like($report, qr/--pipe.* \| at least 0\.5 \| 0\.550 \|.* met \|$/m,
     'so is what it takes beside redis-cli');
like($report, qr/verify, MiB .* at most 64 \| 65\.000 \|.* not met \|$/m,
     'and what takes too much memory is said');
like($report, qr/^\| prizectl sign \| 300 \|/m, 'a rate, to read');

done_testing();
