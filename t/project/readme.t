use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(decode_utf8);
use HTTP::Tiny;
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Sentinel;
use Test::Prize::Source;

# The README says what the program has, and nothing that it has not.

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output, Test::More->builder->todo_output;

my $readme = decode_utf8(slurp(root() . '/README.md'));
my $source = Test::Prize::Source->new(root());


# what stands below a heading, up to the next one of its level

sub section {
    my ($title) = @_;
    my ($level) = $readme =~ /^(##+) \Q$title\E$/m
        or die "README.md has no section \"$title\"\n";
    my $n = length $level;

    return ($readme =~ /^$level \Q$title\E\n(.*?)(?=^#{2,$n} |\z)/ms)[0];
}


# Both have the same names, and the same values for them.

sub agree {
    my ($what, $there, $here, $where) = @_;
    my @complaints;

    for my $name (sort keys %{{ %$there, %$here }}) {
        my ($want, $have) = ($there->{$name}, $here->{$name});

        push @complaints,
            !defined $have ? "lacks \"$name\": $want"
            : !defined $want ? "has \"$name\", which is none"
            : $have ne $want ? "\"$name\": says \"$have\", not \"$want\"" : ();
    }

    $where //= 'README.md';
    ok(%$there && !@complaints, "$where: $what")
        or diag(map { "$where $_\n" } @complaints);
}


# a set of names, or of values

sub names { return { map { $_ => '' } @_ } }
sub set   { return join ' ', sort keys %{ names(@_) } }


# ---- directives: their sections, the table in front of them, and what is said
# of the parameters of prize_postgres

my $directives = $source->directives;
my (%default, %context);

for my $name ($readme =~ /^### (prize_\w+)$/gm) {
    my $text = section($name);

    ($default{$name}) = $text =~ /^    Default:  (.*)/m;
    ($context{$name}) = $text =~ /^    Context:  (.*)/m;
    like($text, qr/^    Syntax:   $name /m, "README.md: syntax of $name");
}

agree('directives and their defaults',
      { map { $_ => $directives->{$_}[0] } keys %$directives }, \%default);
agree('their contexts',
      { map { $_ => $directives->{$_}[1] } keys %$directives }, \%context);
agree('the table of directives',
      { map { $_ => $directives->{$_}[0] =~ s/^$_ (.*);/`$1`/r }
        keys %$directives },
      { section('Directives')
        =~ /^\| \[(prize_\w+)\]\(#\g1\) \| ([^|]*?) \|/gm });
agree('parameters of prize_postgres', $source->parameters,
      { section('prize_postgres') =~ s/\s+/ /gr
        =~ /- `(\w+)` is [^.]*?, (\d+ by default and \d+ at most)\./g });


# ---- variables and what they can hold

my $variables = $source->variables;
my %said = section('Variables')
           =~ /^- `\$(prize_[a-z_]+)[A-Z]*`:((?:.|\n(?!-|\n))*)/gm;

$_ = set(/`([a-z]+)`/g) for values %said;

agree('variables and their values', $variables, \%said);


# ---- metrics, by the source and by a server that has asked both stores

my $ca = Test::Prize::Certificates->new;
my $us = $ca->issue('nginx');
my $group = Test::Prize::Sentinel->start(replicas => 1, sentinels => 1,
    tls => $ca->issue('server', names => 'IP:127.0.0.1'));
my $postgres = shared_postgres();
my $port = free_port();
my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => '{{id}} {{name}}' }, http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    server {
        listen 127.0.0.1:$port;
        location = /h5 {
            prize_page page.html;
            @{[ $group->directives($ca, $us) ]}
            $patient
            prize_postgres_pass hr;
            prize_postgres_query
                "SELECT '1' AS id, 'One' AS name WHERE '1' = ANY(\$1)";
        }
        location = /metrics { prize_status prometheus; }
    }
CONF

is($nginx->get("http://127.0.0.1:$port/h5?id=1")->{content}, '1 One', 'a page');

my $metrics;

eventually {
    $metrics = $nginx->get("http://127.0.0.1:$port/metrics")->{content};
    $metrics =~ /role="primary"/ && $metrics =~ /role="replica"/;
} 'the master and its replica';

my %type = $metrics =~ /^\# TYPE (prize_\w+) (\w+)/gm;
my (%label, %value, %row, %about);

while ($metrics =~ /^(prize_\w+)(?:\{(.*)\})? \S+$/gm) {
    my ($name, $labels) = ($1, $2 // '');

    $name =~ s/_(?:bucket|sum|count)$// unless $type{$name};
    $label{$name} //= {};
    $value{$name} //= {};

    while ($labels =~ /(\w+)="([^"]*)"/g) {
        $label{$name}{"`$1`"} = 1 if $1 ne 'le';
        $value{$name}{$2} = 1 unless $1 =~ /^(?:le|peer|page|version)$/;
    }
}

for (split /\n/, section('Monitoring')) {
    my ($name, $labels, $about) =
        /^\| `(prize_[a-z_]+)` \| ([^|]*?) *\|(.*)\|$/ or next;

    $row{$name} = set(split /, /, $labels);
    $about{$name} = set($about =~ /`(\w+)`/g);
}

# what no label can be may still stand in a row
delete $about{$_} for grep { !%{ $value{$_} // {} } } keys %about;

agree('metrics', $source->metrics, names(keys %row));
agree('metrics', names(keys %type), names(keys %row));
agree('labels', { map { $_ => set(keys %{ $label{$_} }) } keys %label }, \%row);
agree('what labels can be',
      { map { %{ $value{$_} } ? ($_ => set(keys %{ $value{$_} })) : () }
        keys %value }, \%about);


# ---- prizectl

my $prizectl = section('prizectl');
my $defaults = $source->option_defaults;

agree('commands', $source->commands,
      names($prizectl =~ /^\| `([a-z]+)` \|/gm));
agree('options', $source->options,
      names($prizectl =~ /(?<![\w-])--([a-z][a-z-]*)/g));
agree('defaults of options', $defaults,
      { $prizectl =~ /^\| `--([a-z-]+)[^`]*` \|.*`(\S+)` by default/gm });
agree('defaults of options', $defaults, $source->man_defaults, 'prizectl(1)');
agree('defaults of options', $defaults, $source->help_defaults, '--help');
agree('exit codes', $source->exit_codes,
      names($prizectl =~ /^\| `(\d+)` \|/gm));


# ---- messages: a row for each, and none that nobody says

my $messages = $source->messages;
my @rows = section('Troubleshooting by log message') =~ /^\| `(.+?)` \|/gm;

agree('messages', $messages, { map { $_ => $messages->{$_} // '' } @rows });
is(set(@rows), join(' ', sort @rows), 'no message has two rows');


# ---- whatever looks like a name of the program is one

my %known = map { $_ => 1 } keys %$directives, keys %{ $source->metrics },
                            map { "\$$_" } keys %$variables;

is_deeply([grep { !$known{s/^(\$prize_field_).*/$1/r}
                  && !$known{s/_(?:bucket|sum|count)$//r} }
           $readme =~ /(?<![\w\/])(\$?prize_[a-z_]+)(?![\w.])/g], [],
          'no other name of the program is in the text');
is_deeply([grep { !exists $source->commands->{$_} }
           $readme =~ /(?:^ *|[`(])prizectl ([a-z]+)/gm], [],
          'nor another command');


# ---- one version for all of them

my $version = $source->value('PRIZE_VERSION');

like($version, qr/^\d+\.\d+\.\d+$/, 'src/core/prize_version.h has a version');
is_deeply([run(prizectl(), '--version')], [0, "prizectl $version\n", ''],
          'prizectl --version is that');
like($metrics, qr/^prize_build_info\{version="\Q$version\E"\} 1$/m,
     'and prize_build_info');
like(slurp(root() . '/conf/man/prizectl.1'),
     qr/^\.TH .*"prizectl \Q$version\E"/m, 'and the man page');
like(section('What changed'), qr/^\*\*\Q$version\E\*\*/m,
     'and "What changed" begins with it');
is(scalar(() = $source->all(qr/./) =~ /"\Q$version\E"/g), 1,
   'the source says it once');


# ---- what it links to is there, and so is what it names of the tree

my %section = map { lc =~ s/[^\w -]//gr =~ tr/ /-/r => 1 }
              $readme =~ /^#+ (.*)$/gm;
my @paths = ($readme =~ m{\]\(([a-z][^):]*)\)}g,
             $readme =~ m{`((?:src|conf|t|\.ci)/[^`\s]*?)/?`}g);

is_deeply([grep { !$section{$_} } $readme =~ /\]\(#([^)]+)\)/g], [],
          'each link finds its section');
is_deeply([grep { !-e root() . "/$_" } @paths], [], 'and each path its file');


# ---- what the README gives as a default, nginx takes

my @defaults = grep { /;/ } values %default;
my ($status, $err) = Test::Prize::Nginx->prepare(
    files => { 'page.html' => '{{id}}' }, http => <<"CONF")->test;
    @defaults
    server {
        listen 127.0.0.1:$port;
        location / { prize_page page.html; prize_redis_pass 127.0.0.1:1; }
    }
CONF

is($status, 0, 'nginx takes the defaults') or diag($err);

done_testing();
