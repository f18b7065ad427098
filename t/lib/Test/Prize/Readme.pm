package Test::Prize::Readme;

# The README beside the program: what one of them has and the other has not.
#
#     my $readme = Test::Prize::Readme->new($text);
#     my @complaints = $readme->compare($source, $metrics);
#
# "$source" is a Test::Prize::Source, "$metrics" what "prize_status
# prometheus" answered, if it was asked.  A complaint says what to write, and
# where.

use strict;
use warnings;
use utf8;

# what "make modules" makes is nginx's own
my %foreign_target = (modules => 1);

# the section that a message of a file belongs to
my @messages = (
    ['src/event/', 'While it runs'],
    ['src/http/ngx_http_prize_directive.c', 'When the configuration is read'],
    ['src/http/', 'While it runs'],
    ['src/core/prize_signature.c', 'In a file of keys'],
    ['src/core/prize_policy.c', 'When the configuration is read'],
    ['src/core/', 'In a page'],
    ['src/prizectl/', 'From prizectl'],
);


# Numbers within a sentence: the section, or the man page, the words around
# each, where the source has it, and how many of the source's unit are one of
# the text's.
my $man = 'prizectl(1)';

my @limits = (
    ['prize_page', 'up to # MiB', 'NGX_HTTP_PRIZE_PAGE_MAX', 1 << 20],
    ['prize_id_max_length', '1 to # bytes', 'PRIZE_SIGNATURE_ID_MAX'],
    ['prize_redis_database', ', 0 to #.', 'NGX_HTTP_PRIZE_DATABASE_MAX'],
    ['prize_postgres', '`connect_timeout`, # seconds by default',
     'NGX_PRIZE_POSTGRES_CONNECT', 1000],
    ['prize_status', 'the last # minutes', 'PRIZE_HISTORY_SAMPLES - 1', 60],
    ['Monitoring', 'are labels for # of', 'PRIZE_METRICS_LABELS - 2'],
    ['Monitoring', 'for # pages', 'PRIZE_METRICS_LABELS - 1'],
    ['Signed links', 'of # bytes at least', 'PRIZE_SIGNATURE_KEY_MIN'],
    ['The dashboard', 'The last # minutes', 'PRIZE_HISTORY_SAMPLES - 1', 60],
    ['The dashboard', 'not responded for # seconds', 'PRIZE_HISTORY_SILENCE'],
    ['While it runs', 'at most once in # seconds',
     'NGX_PRIZE_NOTICE_INTERVAL', 1000],
    ['While it runs', ': # failures in a row', 'NGX_PRIZE_BREAKER_FAILURES'],
    ['While it runs', 'is not asked for # to', 'NGX_PRIZE_BREAKER_MIN', 1000],
    ['While it runs', 'to # seconds, then by one probe',
     'NGX_PRIZE_BREAKER_MAX', 1000],
    ['While it runs', 'ACL, and are tried once in # seconds',
     'NGX_PRIZE_REDIS_DENIED_WAIT', 1000],
    ['While it runs', 'a wrong password, tried once in # seconds',
     'NGX_PRIZE_POSTGRES_REFUSED', 1000],
    ['While it runs', 'A field of more than # MiB', 'PRIZE_FIELD_MAX',
     1 << 20],
    ['While it runs', 'A field has at most # MiB', 'PRIZE_FIELD_MAX', 1 << 20],
    ['From prizectl', 'A field has at most # MiB', 'PRIZE_FIELD_MAX',
     1 << 20],
    [$man, 'more than # MiB', 'PRIZE_FIELD_MAX', 1 << 20],
    [$man, 'of at least # bytes', 'PRIZE_SIGNATURE_KEY_MIN'],
);


sub new {
    my ($class, $text) = @_;
    my $self = bless { text => $text, complaints => [] }, $class;
    my ($level, $title, $line, $fence) = (1, '', 0, 0);

    for (split /^/, $text) {
        $line++;
        $fence = !$fence if /^```/;

        if (!$fence && /^(\#+) (.*?)\n/) {
            ($level, $title) = (length $1, $2);
            push @{$self->{sections}}, { level => $level, title => $title,
                                         line => $line, text => '' };
            next;
        }

        $self->{sections}[-1]{text} .= $_ if $self->{sections};
    }

    return $self;
}


# a section with what is below it: its text and its first line

sub section {
    my ($self, $title) = @_;
    my ($text, $level, $line);

    for my $section (@{$self->{sections}}) {
        if (defined $level) {
            last if $section->{level} <= $level;
            $text .= "\n$section->{text}";

        } elsif ($section->{title} eq $title) {
            ($text, $level, $line) = @$section{qw(text level line)};
        }
    }

    $self->complain("README.md has no section \"$title\"")
        unless defined $text;

    return ($text // '', $line);
}


sub complain {
    my ($self, $what) = @_;

    push @{$self->{complaints}}, $what;
    return;
}


# Both ways: what to add, and what to take out; with a last function also the
# values of what both have.

sub agree {
    my ($self, $there, $here, $add, $remove, $differ) = @_;

    for my $name (sort keys %$there) {
        $self->complain($add->($name, $there->{$name}))
            unless exists $here->{$name};
    }

    for my $name (sort keys %$here) {
        $self->complain($remove->($name)) unless exists $there->{$name};
    }

    return unless $differ;

    for my $name (grep { exists $here->{$_} } sort keys %$there) {
        my ($have, $want) = ($here->{$name} // '', $there->{$name});
        $self->complain($differ->($name, $have, $want)) if $have ne $want;
    }

    return;
}


sub compare {
    my ($self, $source, $metrics) = @_;

    $self->{complaints} = [];

    $self->directives($source);
    $self->overview($source);
    $self->pool($source);
    $self->variables($source);
    $self->metrics($source, $metrics);
    $self->command($source);
    $self->option_defaults($source);
    $self->limits($source);
    $self->targets($source);
    $self->settings($source);
    $self->bench($source);
    $self->cells($source);
    $self->messages($source);
    $self->version($source);
    $self->names($source);
    $self->links;

    return @{$self->{complaints}};
}


sub directives {
    my ($self, $source) = @_;
    my %there = $source->directives;
    my %here = map { $_->{title} => $_->{text} }
               grep { $_->{title} =~ /^prize_/ } @{$self->{sections}};

    $self->agree(\%there, \%here, sub {
        my ($name, $directive) = @_;
        return "README.md lacks the directive $name of $directive->{place}:"
               . " add \"### $name\" to \"Directives\", with Syntax, Default"
               . " and Context";
    }, sub { "README.md: \"### $_[0]\" is no directive: remove it" });

    for my $name (grep { $here{$_} } sort keys %there) {
        my $directive = $there{$name};
        my $default = defined $directive->{default}
                      ? "$name $directive->{default};" : '—';

        $self->line_of($name, $here{$name}, Default => $default);
        $self->line_of($name, $here{$name}, Context => $directive->{context});
        $self->complain("README.md: \"### $name\" has no \"Syntax:\" that"
                        . " begins with $name")
            unless $here{$name} =~ /^    Syntax:   \Q$name\E /m;
    }

    return;
}


sub line_of {
    my ($self, $name, $text, $what, $want) = @_;
    my ($have) = $text =~ /^    $what: +(.*)/m;

    $have //= '';
    $self->complain("README.md: \"### $name\": $what is \"$have\", and the"
                    . " source has \"$want\"") if $have ne $want;
    return;
}


# the table in front of them: name and default

sub overview {
    my ($self, $source) = @_;
    my %there = $source->directives;
    my ($text) = $self->section('Directives');
    my %here = $text =~ /^\| \[(prize_\w+)\]\(#\g1\) \| ([^|]*?) \|/gm;

    $self->agree(\%there, \%here, sub {
        return "README.md: the table at the head of \"Directives\" has no row"
               . " | [$_[0]](#$_[0]) | default | what for |";
    }, sub {
        return "README.md: the table at the head of \"Directives\" has"
               . " $_[0], which is no directive";
    });

    for my $name (grep { defined $here{$_} } sort keys %there) {
        my $want = defined $there{$name}{default}
                   ? "`$there{$name}{default}`" : '—';
        $self->complain("README.md: the table at the head of \"Directives\""
                        . " says $here{$name} for $name, and the source has"
                        . " $want") if $here{$name} ne $want;
    }

    return;
}


sub pool {
    my ($self, $source) = @_;
    my %there = $source->pool_parameters;
    my ($text) = $self->section('prize_postgres');
    my %here = map { $_ => 1 } $text =~ /^- `(\w+)` is/gm;

    $text =~ s/\s+/ /g;

    $self->agree(\%there, \%here,
        sub { "README.md: \"### prize_postgres\" lacks \"- `$_[0]` is …\"" },
        sub { "README.md: prize_postgres has no parameter \"$_[0]\"" });

    for my $name (grep { $here{$_} } sort keys %there) {
        my ($default, $maximum) = @{$there{$name}};
        $self->complain("README.md: \"### prize_postgres\": write \"$default"
                        . " by default and $maximum at most\" of $name")
            unless $text =~ /-\ `$name`\ is\ [^.]*
                             \b$default\ by\ default\ and\ $maximum\ at\ most/x;
    }

    return;
}


sub variables {
    my ($self, $source) = @_;
    my %there = $source->variables;
    my %values = $source->variable_values;
    my ($text) = $self->section('Variables');
    my %here = $text =~ /^- `\$(prize_[a-z_]+)[A-Z]*`:((?:.|\n(?!-|\n))*)/gm;

    $self->agree(\%there, \%here, sub {
        return "README.md lacks the variable \$$_[0] of $_[1]: add"
               . " \"- `\$$_[0]`: …\" to \"Variables\"";
    }, sub { "README.md: there is no variable \$$_[0]: remove it" });

    for my $name (grep { $here{$_} } sort keys %values) {
        my %value = map { $_ => 1 } $here{$name} =~ /`([a-z]+)`/g;
        my %has = map { $_ => 1 } @{$values{$name}};

        $self->agree(\%has, \%value,
            sub { "README.md: \$$name can be `$_[0]`: say when" },
            sub { "README.md: \$$name is never `$_[0]`: remove it" });
    }

    return;
}


# the names by the source and by a live answer, the labels by that one

sub metrics {
    my ($self, $source, $metrics) = @_;
    my %there = $source->metrics;
    my ($text) = $self->section('Monitoring');
    my %here = $text =~ /^\| `(prize_[a-z_]+)` \| ([^|]*?) *\|/gm;
    my $add = sub {
        return "README.md lacks the metric $_[0] of $_[1]: add a row"
               . " | `$_[0]` | labels | what it counts | to \"Monitoring\"";
    };

    $self->agree(\%there, \%here, $add,
        sub { "README.md: the source has no metric $_[0]: remove it" });

    return unless defined $metrics;

    my %live = map { $_ => 'a live answer' }
               $metrics =~ /^\# TYPE (prize_\w+) /gm;

    $self->agree(\%live, \%here, $add,
        sub { "README.md: a live answer has no metric $_[0]: remove it" });
    $self->labels($metrics, \%here);
    $self->values($metrics, $text);

    return;
}


sub labels {
    my ($self, $metrics, $here) = @_;
    my %type = $metrics =~ /^\# TYPE (prize_\w+) (\w+)/gm;
    my %live;

    while ($metrics =~ /^(prize_\w+)(?:\{(.*)\})? \S+$/gm) {
        my ($name, $labels) = ($1, $2 // '');

        $name =~ s/_(?:bucket|sum|count)$// unless $type{$name};
        $live{$name}{$_} = 1
            for '', grep { $_ ne 'le' } $labels =~ /(\w+)="/g;
    }

    for my $name (grep { $live{$_} } sort keys %$here) {
        my $want = join ', ', map { "`$_`" }
                              sort grep { length } keys %{$live{$name}};
        my $have = join ', ', sort split /, /, $here->{$name};

        $self->complain("README.md: $name has the labels \"$have\" in"
                        . " \"Monitoring\", and \"$want\" in a live answer")
            if $have ne $want;
    }

    return;
}


# what a label of a fixed set can be stands in the row, and nothing else does

sub values {
    my ($self, $metrics, $text) = @_;
    my %about = $text =~ /^\| `(prize_[a-z_]+)` \| [^|]*\|(.*)\|$/gm;
    my %live;

    while ($metrics =~ /^(prize_\w+?)(?:_bucket|_sum|_count)?\{(.*)\} /gm) {
        my ($name, $labels) = ($1, $2);

        while ($labels =~ /(\w+)="([^"]*)"/g) {
            $live{$name}{$2} = 1 unless $1 =~ /^(?:le|peer|page|version)$/;
        }
    }

    for my $name (grep { defined $about{$_} } sort keys %live) {
        $self->agree($live{$name},
            { map { $_ => 1 } $about{$name} =~ /`(\w+)`/g },
            sub { "README.md: the row of $name says nothing of `$_[0]`" },
            sub { "README.md: $name is never `$_[0]`: remove it" });
    }

    return;
}


# the command: its own ones, its options and its exit codes

sub command {
    my ($self, $source) = @_;
    my ($text) = $self->section('prizectl');
    my %command = map { $_ => 1 } $source->commands;
    my %option = $source->options;
    my %code = $source->exit_codes;

    $self->agree(\%command,
        { map { $_ => 1 } $text =~ /^\| `([a-z]+)` \|/gm },
        sub { "README.md: \"prizectl\" lacks the row | `$_[0]` | … |" },
        sub { "README.md: prizectl has no command \"$_[0]\"" });

    $self->agree(\%option,
        { map { $_ => 1 } $text =~ /(?<![\w-])--([a-z][a-z-]*)/g },
        sub { "README.md: \"prizectl\" lacks the option --$_[0] of $_[1]" },
        sub { "README.md: prizectl has no option --$_[0]: remove it" });

    $self->agree(\%code, { map { $_ => 1 } $text =~ /^\| `(\d+)` \|/gm },
        sub { "README.md: \"prizectl\" lacks the exit code | `$_[0]` | … |"
              . " ($_[1])" },
        sub { "README.md: prizectl never exits with $_[0]: remove it" });

    return;
}


# the defaults of its options: here, in its man page and in what "--help" says

sub option_defaults {
    my ($self, $source) = @_;
    my ($there, @differ) = $source->option_defaults;
    my ($text) = $self->section('prizectl');
    my $man_page = $source->man;
    my @said = map { [@$_[0, 1], "$_->[2]: \"--help\""] }
                    $source->help_defaults;
    my (%here, %man);

    $self->complain($_) for @differ;

    $here{$1} = $2
        while $text =~ /^\| `--([a-z-]+)[^`]*` \|.*`(\S+)` by default/gm;
    $man{$1} //= $2
        while $man_page =~ /^--([a-z-]+)[ ](?:(?!^\.TP).)*?
                               default[ ]is\s(\S+?)[ ;.]/gmsx;

    push @said, map { [$_, $here{$_}, 'README.md'] } sort keys %here;
    push @said, map { [$_, $man{$_}, 'conf/man/prizectl.1'] } sort keys %man;

    for (@said) {
        my ($name, $value, $where) = @$_;
        my $want = $there->{$name} ? $there->{$name}[0] : 'none';

        $self->complain("$where says that the default of --$name is $value,"
                        . " and the source has $want") if $value ne $want;
    }

    for my $name (sort keys %$there) {
        $self->complain("README.md: the row of --$name lacks"
                        . " \"`$there->{$name}[0]` by default\"")
            unless exists $here{$name};
        $self->complain("conf/man/prizectl.1: --$name lacks \"The default is"
                        . " $there->{$name}[0].\"") unless exists $man{$name};
    }

    return;
}


sub limits {
    my ($self, $source) = @_;

    for (@limits) {
        my ($title, $words, $constant, $unit) = @$_;
        my $number = $source->number($constant) / ($unit // 1);
        my ($text) = $title eq $man ? $source->man : $self->section($title);
        my $want = $words =~ s/#/$number/r;

        $self->complain("\"$title\": write \"$want\", by $constant")
            unless $text =~ s/\s+/ /gr =~ /(?<![\d.])\Q$want\E(?!\d)/;
    }

    return;
}


sub code {
    my ($self) = @_;
    my $text = $self->{text};
    my $code = '';

    for my $kind (qr/^```\w*\n(.*?)^```$/ms, qr/^    (.*)$/m,
                  qr/`([^`\n]+)`/)
    {
        $text =~ s/$kind/$code .= "$1\n"; ''/ge;
    }

    return $code;
}


sub targets {
    my ($self, $source) = @_;
    my %there = map { $_ => 1 } $source->targets;
    my %variable = map { $_ => 1 } $source->make_variables;
    my $code = $self->code;
    my %here = map { $_ => 1 } grep { !$foreign_target{$_} }
               $code =~ /\bmake ([a-z][a-z-]*)/g;
    my %given;

    $self->agree(\%there, \%here, sub {
        return "README.md lacks `make $_[0]`: add a row to the table of"
               . " \"Developing it\", or take $_[0] out of .PHONY";
    }, sub { "README.md: the Makefile has no target $_[0]: remove it" });

    for my $command ($code =~ /\bmake\b([^\n]*)/g) {
        $given{$_} = 1 for $command =~ /\b([A-Z_]+)=/g;
    }

    $self->complain("README.md: the Makefile knows nothing of $_=: remove it")
        for grep { !$variable{$_} } sort keys %given;
    $self->complain("the head of the Makefile has \"make $_\", which is no"
                    . " target") for grep { !$there{$_} } $source->headed;
    return;
}


# a table's rows of names: { NAME => DEFAULT }; several may share a row

sub rows {
    my ($text) = @_;
    my %value;

    while ($text =~ /^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| ([^|]*?) *\|/gm) {
        my ($names, $values) = ($1, $2);
        my @names = $names =~ /([A-Z_]+)/g;

        @value{@names} = @names > 1 ? split /, /, $values : $values;
    }

    return \%value;
}


# what make can be told, and what it has otherwise

sub settings {
    my ($self, $source) = @_;
    my %there = $source->settings;
    my ($text) = $self->section('Settings of make');
    my $here = rows($text);
    my %shown = map { $_ => $there{$_} eq '' ? '—' : "`$there{$_}`" }
                keys %there;

    $self->agree(\%shown, $here, sub {
        return "README.md: the table of \"Settings of make\" has no row"
               . " | `$_[0]` | default | what for |";
    }, sub {
        return "README.md: \"Settings of make\" has $_[0], which the head of"
               . " the Makefile has not";
    }, sub {
        my ($name, $have, $want) = @_;
        return "README.md: \"Settings of make\" says $have for $name, and the"
               . " Makefile has $want";
    });

    for my $pair ($self->{text} =~ /(`[A-Z_]+`\s\(`?[^`()\s]+`?\))/g) {
        $pair =~ /([A-Z_]+)`\s\(`?([^`()]+)/;
        $self->complain("README.md says $1 ($2), and the Makefile has"
                        . " $there{$1}")
            if defined $there{$1} && $there{$1} ne $2;
    }

    return;
}


sub bench {
    my ($self, $source) = @_;
    my ($there, $head, @parts) = $source->bench;
    my ($text) = $self->section('The benchmark');
    my $here = rows($text);
    my $all = delete $here->{PARTS} // '';
    my ($listed) = $text =~ /^\| `PARTS` .*: `([a-z ]+)`/m;

    for (['README.md: "The benchmark"', $here],
         ['the head of t/bench/run', $head])
    {
        my ($where, $said) = @$_;

        $self->agree($there, $said,
            sub { "$where lacks the variable $_[0]" },
            sub { "$where has $_[0], which t/bench/run has not" },
            sub { "$where says $_[1] for $_[0], and t/bench/run has $_[2]" });
    }

    $self->complain('README.md: "The benchmark": the row of `PARTS` says all,'
                    . " and of them `@parts`")
        if $all ne 'all' || ($listed // '') ne "@parts";
    $self->agree({ map { $_ => 1 } @parts },
        { map { $_ => 1 } $text =~ /^\| `([a-z]+)` \|/gm },
        sub { "README.md: \"The benchmark\" lacks the row | `$_[0]` | … |" },
        sub { "README.md: the bench has no part $_[0]: remove it" });
    return;
}


# of the matrix, with what "make test" is told, and the parts of "make fresh"

sub cells {
    my ($self, $source) = @_;
    my %there = $source->cells;
    my ($text) = $self->section('Other versions');
    my ($fresh) = $self->section('A fresh machine');
    my %here = $text =~ /^\| `([\w.-]+)` \| [^|]*\| *(?:`([A-Z_]+)=)?/gm;

    $self->agree(\%there, \%here,
        sub { "README.md: \"Other versions\" lacks the cell $_[0]" },
        sub { "README.md: the matrix has no cell $_[0]: remove it" },
        sub { "README.md: \"Other versions\" says \"$_[1]\" for $_[0], and"
              . " .ci/matrix sets \"$_[2]\"" });

    $self->agree({ map { $_ => 1 } $source->fresh_parts },
        { map { $_ => 1 } $fresh =~ /^\| `([a-z]+)` \|/gm },
        sub { "README.md: \"A fresh machine\" lacks the part $_[0]" },
        sub { "README.md: .ci/fresh has no part $_[0]: remove it" });
    return;
}


# a row of a table: what is said, each value as …, and what it means

sub messages {
    my ($self, $source) = @_;
    my %there = $source->messages;
    my ($text) = $self->section('Troubleshooting by log message');
    my %here;

    for my $message ($text =~ /^\| `(.+?)` \|/gm) {
        $self->complain("README.md has two rows of the message \"$message\"")
            if $here{$message}++;
    }

    $self->agree(\%there, \%here, sub {
        my ($message, $place) = @_;
        my ($section) = map { $_->[1] } grep { index($place, $_->[0]) == 0 }
                        @messages;
        return "README.md lacks the message of $place: add | `$message` |"
               . " what it means, what to do | to \"$section\"";
    }, sub { "README.md: no source says \"$_[0]\": remove the row" });

    return;
}


sub version {
    my ($self, $source) = @_;
    my $version = $source->version;
    my ($text) = $self->section('What changed');

    $self->complain("README.md: \"What changed\" says nothing of $version,"
                    . " the version of src/core/prize_version.h")
        unless $text =~ /^\*\*\Q$version\E\*\*/m;
    return;
}


# a link to a section finds it

sub links {
    my ($self) = @_;
    my %anchor = map { lc($_->{title}) =~ s/[^\w -]//gr =~ tr/ /-/r => 1 }
                 @{$self->{sections}};

    for my $link ($self->{text} =~ /\]\(#([^)]+)\)/g) {
        $self->complain("README.md links to #$link, and no section is that")
            unless $anchor{$link};
    }

    return;
}


# whatever looks like a name of the program is one

sub names {
    my ($self, $source) = @_;
    my (%directive, %variable, %metric) = $source->directives;
    my %command = map { $_ => 1 } $source->commands, 'COMMAND';

    %variable = $source->variables;
    %metric = $source->metrics;

    for my $name ($self->{text} =~ /(?<![\w\/])(\$?prize_[a-z_]+)(?![\w.])/g) {
        my $family = $name =~ s/_(?:bucket|sum|count)$//r;
        my $known = $name =~ /^\$(prize_field_)/ ? $variable{$1}
                    : $name =~ /^\$(.*)/ ? $variable{$1}
                    : $directive{$name} || $metric{$name} || $metric{$family};
        $self->complain("README.md names $name, which is no directive,"
                        . " variable or metric") unless $known;
    }

    for my $command ($self->code =~ /\bprizectl ([a-zA-Z]+)\b/g) {
        $self->complain("README.md names \"prizectl $command\", which is no"
                        . " command") unless $command{$command};
    }

    return;
}


1;
