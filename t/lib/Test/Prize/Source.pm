package Test::Prize::Source;

# What a user of the program can meet, read from its sources: directives,
# variables, metrics, options, exit codes, messages, limits, make's targets and
# settings, the bench's, the cells of the matrix.
#
#     my $source = Test::Prize::Source->new(Test::Prize::Source->files($root));
#     my %default = $source->directives;
#
# The files are a hash of texts, so that a test can alter one of them.

use strict;
use warnings;
use utf8;

use Carp qw(croak);

# what writes a message itself; whatever hands one of its own arguments on to
# one of these is found to be another

my @writers = qw(ngx_conf_log_error ngx_log_error ngx_prize_notice
                 prizectl_error prize_template_error prize_signature_error
                 prize_inlines_fault);

# of a text, its tokens and functions: an altered copy of the program is mostly
# the same
my (%known_tokens, %known_functions);

# nginx's own names of strings
my %foreign = (ngx_close_file_n => 'close()');

my %context = (
    NGX_HTTP_MAIN_CONF => 'http', NGX_HTTP_SRV_CONF => 'server',
    NGX_HTTP_LOC_CONF => 'location', NGX_HTTP_LIF_CONF => 'if in location',
    NGX_HTTP_LMT_CONF => 'limit_except',
);


sub files {
    my ($class, $root) = @_;
    my %text;

    for my $file (glob("$root/src/*/*.[ch]"),
                  map { "$root/$_" } qw(Makefile .ci/fresh .ci/matrix
                                        conf/man/prizectl.1 t/bench/run))
    {
        open my $in, '<:encoding(UTF-8)', $file or croak "$file: $!";
        local $/;
        $text{substr $file, length("$root/")} = <$in>;
    }

    return %text;
}


sub new {
    my ($class, %text) = @_;
    my $self = bless { text => \%text }, $class;

    for my $file (grep { /\.[ch]$/ } sort keys %text) {
        $self->{tokens}{$file} =
            $known_tokens{$text{$file}} //= tokens($text{$file});
        $self->{define}{$1} = $2
            while $text{$file} =~ /^\#define[ ]+(\w+)[ ]+(\S.*?)[ ]*
                                   (?:\/\*.*)?$/gmx;
    }

    return $self;
}


# [kind, text, line] of each, without what the preprocessor reads

sub tokens {
    my ($text) = @_;
    my $line = 1;
    my @tokens;

    while ($text =~ m{\G(?: (\s+ | /\*.*?\*/ | ^\#(?:[^\n]*\\\n)*[^\n]*
                             | __attribute__\(\([^;]*?\)\))
                         | "((?:[^"\\]|\\.)*)" | ('(?:[^'\\]|\\.)+')
                         | (\w+) | (.) )}gcmsx)
    {
        if (defined $1) {
            $line += ($1 =~ tr/\n//);
        } else {
            push @tokens, defined $2 ? ['string', $2, $line]
                          : defined $3 ? ['char', $3, $line]
                          : defined $4 ? ['word', $4, $line]
                          : ['other', $5, $line];
        }
    }

    return \@tokens;
}


# the value of an object-like macro, once none of its names is one

sub value {
    my ($self, $text) = @_;

    1 while $text =~ s{\b([A-Z]\w+)\b}{$self->{define}{$1} // lc $1}e;
    $text =~ s/^"(.*)"$/$1/;

    return $text;
}


# and that of an expression of numbers

sub number {
    my ($self, $text) = @_;
    my $value = $self->value($text) =~ s/(?<=\d)[uUlL]+\b//gr;

    croak "$text is no number: $value" if $value !~ m{^[\d\s()*/+-]+$};
    return eval $value;
}


# Directives: { NAME => { context, default, place } }.  What is merged as
# "conf->NAME" is the default of "prize_NAME"; what has none is merged by
# hand, or as NULL or "".

sub directives {
    my ($self) = @_;
    my %directive;
    my %flag = map { ("prize_$_" => 1) }
               $self->{text}{'src/http/ngx_http_prize.h'}
               =~ /ngx_flag_t\s+(\w+);/g;

    for my $file (grep { m{^src/http/.*\.c$} } sort keys %{$self->{text}}) {
        my $text = $self->{text}{$file};

        while ($text =~ /\{ \s ngx_string\("(prize_\w+)"\), \s+
                         (NGX_[\w|\s]+?), \s+ ngx_(\w+),/gx)
        {
            my ($name, $flags, $place) = ($1, $2, place($file, $text, $-[0]));

            $directive{$name} = {
                place => $place, flag => $flag{$name},
                context => join(', ', map { $context{$_} // () }
                                          split /[|\s]+/, $flags),
            };
        }
    }

    my %merged = $self->merged;

    for my $name (keys %directive) {
        my ($kind, $value) = @{$merged{$name} // ['', 'NULL']};

        $directive{$name}{default} =
            $value eq 'NULL' || $value eq '' ? undef
            : $directive{$name}{flag} ? ($value ? 'on' : 'off')
            : $kind eq 'msec' ? duration($value) : $value;
    }

    return %directive;
}


sub merged {
    my ($self) = @_;
    my %merged;

    for my $file (grep { m{^src/http/.*\.c$} } keys %{$self->{text}}) {
        my $text = $self->{text}{$file};

        while ($text =~ /ngx_conf_merge_(?:(\w+)_)?value\( \s*
                         conf->(\w+), \s* prev->\w+, \s* ([^;]+?)\);/gx)
        {
            $merged{"prize_$2"} = [$1 // '', $self->value($3)];
        }

        # a complex value stands in a string of its own
        while ($text =~ /prev->(\w+) [ ] == [ ] NGX_CONF_UNSET_PTR\)
                         .*? &(ngx_http_prize_default_\w+)\)/gsx)
        {
            my ($name, $string) = ($1, $2);
            my ($value) = $text =~ /\b\Q$string\E\s*=\s*
                                    ngx_string\("([^"]*)"\)/x
                or croak "no string $string";
            $merged{"prize_$name"} = ['complex', $value];
        }
    }

    return %merged;
}


sub duration {
    my ($ms) = @_;

    return $ms % 1000 ? "${ms}ms"
           : $ms % 3600000 == 0 ? ($ms / 3600000) . 'h'
           : $ms % 60000 == 0 ? ($ms / 60000) . 'm' : ($ms / 1000) . 's';
}


# of prize_postgres: { NAME => [DEFAULT, MAXIMUM] }

sub pool_parameters {
    my ($self) = @_;
    my $text = join '', map { $self->{text}{$_} }
                        grep { m{^src/http/.*\.c$} } sort keys %{$self->{text}};
    my ($list, $maximum) =
        $text =~ /names\[\]\s=\s(\{[^}]+\});\s+
                  static\sngx_int_t\s+maximum\[\]\s=\s(\{[^}]+\})/x
        or croak 'no parameters of prize_postgres';
    my @maximum = $maximum =~ /(\d+)/g;

    return map {
        my ($default) = $text =~ /pool->$_ = (\d+);/
            or croak "no default of $_";
        $_ => [$default, shift @maximum]
    } $list =~ /"(\w+)="/g;
}


# names without the $; one that ends in _ is a prefix

sub variables {
    my ($self) = @_;
    my %variable;

    for my $file (grep { m{^src/http/} } keys %{$self->{text}}) {
        my $text = $self->{text}{$file};

        while ($text =~ /ngx_http_variable_t\s+\w+\[\] = (\{.*?\n\};)/gs) {
            my ($table, $at) = ($1, $-[1]);
            $variable{$1} = place($file, $text, $at + $-[0])
                while $table =~ /\{ ngx_string\("(\w+)"\)/g;
        }
    }

    return %variable;
}


# what $prize_source and $prize_result can hold

sub variable_values {
    my ($self) = @_;
    my %values;

    for my $text (map { $self->{text}{$_} } grep { m{^src/http/} }
                  keys %{$self->{text}})
    {
        while ($text =~ /ngx_str_t\s+ngx_http_prize_(source|result)s\[\]
                         \s=\s\{(.*?)\}/gsx)
        {
            my ($name, $list) = ($1, $2);
            $values{"prize_$name"} = [$list =~ /ngx_string\("(\w+)"\)/g];
        }
    }

    return %values;
}


sub metrics {
    my ($self) = @_;
    my $file = 'src/core/prize_metrics.c';
    my %metric;

    for my $token (@{$self->{tokens}{$file}}) {
        next if $token->[0] ne 'string';
        $metric{$1} //= "$file:$token->[2]"
            while $token->[1] =~ /\b(prize_[a-z_]+)/g;
    }

    return %metric;
}


sub exit_codes {
    my ($self) = @_;
    my $text = $self->{text}{'src/prizectl/prizectl.h'};
    my ($list) = $text =~ m{/\* exit codes \*/\n\n((?:\#define.*\n)+)}
        or croak 'no exit codes in src/prizectl/prizectl.h';

    return map { /(PRIZECTL_\w+)\s+(\d+)/ ? ($2 => $1) : () }
           split /\n/, $list;
}


sub commands {
    my ($self) = @_;
    my ($list) = $self->{text}{'src/prizectl/prizectl.c'}
        =~ /prizectl_commands\[\] = \{(.*?)\n\};/s
        or croak 'no commands of prizectl';

    return $list =~ /\{ "(\w+)"/g;
}


# of all commands, and the two that stand without one

sub options {
    my ($self) = @_;
    my %option;

    for my $file (grep { m{^src/prizectl/} } sort keys %{$self->{text}}) {
        my $text = $self->{text}{$file};
        my $place = sub { place($file, $text, $_[0]) };

        $option{$1} //= $place->($-[0])
            while $text =~ /\{ "([a-z-]+)", (?:no|required)_argument/g;
        $option{$1} //= $place->($-[0])
            while $text =~ /strcmp\(argv\[1\], "--([a-z-]+)"\)/g;
    }

    return %option;
}


# Of the command's options that have one, the default, as each place of the
# source has it: { NAME => [VALUE, PLACE] }, and what differs among them.

sub option_defaults {
    my ($self) = @_;
    my (%default, @differ);
    my %unit = (ttl => \&duration, jitter => sub { "$_[0]%" });

    for my $file (grep { m{^src/prizectl/} } sort keys %{$self->{text}}) {
        my $text = $self->{text}{$file};

        while ($text =~ /^\s+\w+->(key|ttl|jitter|id_max_length)[ ]=[ ]
                         ([A-Z\d][^;]*);/gmx)
        {
            my ($name, $value, $place) = ($1, $2, place($file, $text, $-[0]));

            $value = $name eq 'key' ? $self->value($value)
                                    : $self->number($value);
            $value = $unit{$name}->($value) if $unit{$name};
            $name =~ tr/_/-/;

            my $first = $default{$name} //= [$value, $place];
            push @differ, "--$name is $first->[0] in $first->[1], and $value"
                          . " in $place" if $first->[0] ne $value;
        }
    }

    return (\%default, @differ);
}


# what "prizectl COMMAND --help" says of them: [OPTION, VALUE, PLACE]

sub help_defaults {
    my ($self) = @_;
    my @said;

    for my $file (grep { m{^src/prizectl/} } sort keys %{$self->{text}}) {
        my $text = $self->{text}{$file};

        $text =~ s/" (PRIZECTL_\w+) "/$self->value($1)/ge;

        push @said, [$1, $2, place($file, $text, $-[0])]
            while $text =~ /^[ ]+"[ ]+--([a-z-]+)[ ][^"]*
                            \(([^\s()]+)\)\\n"/gmx;
    }

    return @said;
}


# its man page, without the commands of its language

sub man {
    my ($self) = @_;

    return $self->{text}{'conf/man/prizectl.1'} =~ s/\\-/-/gr =~ s/\\ / /gr
           =~ s/\\f[A-Z]//gr =~ s/^\.(?:[BI]+R?|RB)[ ]//gmr;
}


sub version {
    my ($self) = @_;

    return $self->value('PRIZE_VERSION');
}


sub targets {
    my ($self) = @_;
    my ($list) = $self->{text}{Makefile} =~ /^\.PHONY:((?:.*\\\n)*.*)/m
        or croak 'no .PHONY in the Makefile';

    return grep { !/^(?:FORCE|\\)$/ } split ' ', $list;
}


sub make_variables {
    my ($self) = @_;

    return $self->{text}{Makefile} =~ /\$\((\w+)[:)]/g;
}


# what the head of the Makefile says that can be set, with its value there

sub settings {
    my ($self) = @_;
    my $text = $self->{text}{Makefile};
    my ($head) = $text =~ /\A((?:#.*\n)+)/;
    my %value = $text =~ /^([A-Z_]+) *\??= *(.*)$/gm;

    return map { $_ => $value{$_} // '' }
           $head =~ /\b([A-Z_]+)=/g, map { split /, / }
           $head =~ /^# ((?:[A-Z]+, )+[A-Z]+)$/gm;
}


# and the targets that it names

sub headed {
    my ($self) = @_;
    my ($head) = $self->{text}{Makefile} =~ /\A((?:#.*\n)+)/;

    return $head =~ /^# make ([a-z-]+)/gm;
}


# of the bench: its variables and their defaults, as it has them and as its
# head says, and its parts

sub bench {
    my ($self) = @_;
    my $text = $self->{text}{'t/bench/run'};
    my ($parts) = $text =~ /^my \@parts = qw\((.*?)\);/ms;
    my ($set) = $text =~ /^my %set = \((.*?)\);/ms
        or croak 'no %set in t/bench/run';
    my %set = map { s/_//gr } $set =~ /([A-Z]+) => ([\d_]+)/g;
    my %head = $text =~ /^\#[ ]{5}([A-Z]+)[ ]+[^#]*?,[ ]default[ ](\d+)(?:;.*)?$/gmx;

    return (\%set, \%head, split ' ', $parts);
}


# the cells of the matrix, and what each of them sets

sub cells {
    my ($self) = @_;
    my $text = $self->{text}{'.ci/matrix'};
    my ($list) = $text =~ /^cells=\((.*?)\)/m
        or croak 'no cells in .ci/matrix';
    my %setting = $text =~ /^[ ]{4}(\S+)\)\s+part=\S.*?
                            \ssetting=([A-Z_]*)/gmsx;

    return map { $_ => $setting{$_} // croak "no setting of $_" }
           split ' ', $list;
}


sub fresh_parts {
    my ($self) = @_;

    return $self->{text}{'.ci/fresh'} =~ /^part_(\w+)\(\)/gm;
}


# Messages: { TEXT => PLACE }, each value that is put in written as "…".  Of
# an argument that is put in, such as a reason, each text is one of its own.

sub messages {
    my ($self) = @_;

    return %{$self->{messages} //= $self->find_messages};
}


sub find_messages {
    my ($self) = @_;
    my @functions = map {
        my $known = \$known_functions{$self->{text}{$_}};
        @{$$known //= [functions($_, $self->{tokens}{$_})]};
    } sort keys %{$self->{tokens}};
    my %writer = map { $_ => 1 } @writers;
    my %message;

    while (my @new = grep { !$writer{$_->{name}} && hands_on($_, \%writer) }
                     @functions)
    {
        $writer{$_->{name}} = 1 for @new;
    }

    for my $function (@functions) {
        for my $string (said($function, \%writer)) {
            my ($text, $line) = $self->shown(@$string);
            $message{$text} //= "$function->{file}:$line" if defined $text;
        }
    }

    return \%message;
}


# nginx's style: a body stands between two braces in the first column, and
# its head begins after the last ; or } before it

sub functions {
    my ($file, $tokens) = @_;
    my ($depth, $start, @head, @functions) = (0);

    for my $i (0 .. $#$tokens) {
        my $text = $tokens->[$i][0] eq 'other' ? $tokens->[$i][1] : '';

        if ($text eq '{' && $depth++ == 0) {
            $start = $i;

        } elsif ($text eq '}' && --$depth == 0) {
            my $name = "@head" =~ / = / ? undef : (grep { $head[$_ + 1] eq '(' && $head[$_] =~ /^\w+$/ }
                        0 .. $#head - 1)[0];

            push @functions, {
                file => $file, name => $head[$name],
                parameters => ["@head[$name + 1 .. $#head]"
                               =~ /\bchar \* (\w+)/g],
                text => scalar("@head" =~ /\bchar \* $head[$name] /),
                body => [@$tokens[$start + 1 .. $i - 1]],
            } if defined $name;

            @head = ();

        } elsif ($depth == 0) {
            if ($text eq ';') { @head = () } else {
                push @head, $tokens->[$i][1];
            }
        }
    }

    return @functions;
}


# the tokens between the parentheses of each call of a writer

sub calls {
    my ($function, $writer) = @_;
    my $body = $function->{body};
    my @calls;

    for my $i (0 .. $#$body - 1) {
        next unless $body->[$i][0] eq 'word' && $writer->{$body->[$i][1]}
                    && $body->[$i + 1][1] eq '(';

        my ($depth, $j) = (1, $i + 2);

        while ($depth) {
            my ($kind, $text) = @{$body->[$j++]};
            $depth += $kind ne 'other' ? 0
                      : $text eq '(' ? 1 : $text eq ')' ? -1 : 0;
        }

        push @calls, [@$body[$i + 2 .. $j - 2]];
    }

    return @calls;
}


# the names that are handed to a writer as they are, or choose by ? and :

sub arguments {
    my ($call) = @_;
    my $text = join ' ', map { $_->[0] eq 'string' ? '""' : $_->[1] } @$call;
    my @names;

    for my $argument (split / , /, $text) {
        push @names, $argument =~ /^(?:.* [?:] )?(\w+)$/ ? $1 : ();
    }

    return grep { /^[a-z]/ } @names;
}


# a function is a writer if it hands on text that it was given

sub hands_on {
    my ($function, $writer) = @_;

    return 0 unless @{$function->{parameters}};

    my %given = map { $_ => 1 } map { arguments($_) }
                                calls($function, $writer);

    return grep { $given{$_} } @{$function->{parameters}};
}


# The groups of strings that a function says: in a call of a writer, in what
# is assigned to a name that such a call takes, and what it returns.

sub said {
    my ($function, $writer) = @_;
    my @calls = calls($function, $writer);
    my %taken = map { $_ => 1 } map { arguments($_) } @calls;
    my @said = map { groups($_, 1) } @calls;
    my (@statement, $returned);

    for my $token (@{$function->{body}}, ['other', ';', 0]) {
        if ($token->[0] ne 'other' || $token->[1] !~ /^[;{}]$/) {
            push @statement, $token;
            next;
        }

        my $code = join ' ', map { $_->[0] eq 'string' ? '""' : $_->[1] }
                             @statement;

        if (($code =~ /\breturn\b/ && $function->{text})
            || ($code =~ /(\w+) (?:\[ \] )?= / && $taken{$1})
            || $code =~ /\bfault \[ \] = /)
        {
            push @said, groups(\@statement, 0);
        }

        @statement = ();
    }

    return @said;
}


# strings beside one another are one; the first one of a call is its format

sub groups {
    my ($tokens, $call) = @_;
    my @groups;
    my $open = 0;

    for my $i (0 .. $#$tokens) {
        my ($kind, $text, $line) = @{$tokens->[$i]};
        my $beside = $i < $#$tokens && $tokens->[$i + 1][0] eq 'string';
        my $part = $kind eq 'string'
                   || ($kind eq 'word' && ($open || $beside)
                       && $text =~ /^[A-Z]|_n$/);

        if ($part) {
            push @groups, [$line, 0] unless $open;
            push @{$groups[-1]}, [$kind, $text];
        }

        $open = $part;
    }

    $groups[0][1] = 1 if @groups && $call;
    return @groups;
}


# as the README shows it; nothing if it says nothing by itself

sub shown {
    my ($self, $line, $format, @parts) = @_;
    my $text = join '', map {
        my ($kind, $part) = @$_;
        $kind eq 'string' ? $part
            : $foreign{$part} // ($self->{define}{$part}
                                  ? $self->value($part) : '%s')
    } @parts;

    $text =~ s/\\(["\\])/$1/g;
    $text =~ s{%(?:(%)|[-0 ]*[\d.]*\*?(?:ll|z|l|[uxX](?=[izL]))*[a-zA-Z])}
              {$1 // '…'}ge;
    $text =~ s/…+/…/g;
    $text =~ s/^[\s,:]+|[\s]+$//g unless $format;

    return if $text !~ /[a-z]{2}/i || $text !~ / /;
    return ($text, $line);
}


sub place {
    my ($file, $text, $at) = @_;

    return "$file:" . (1 + (substr($text, 0, $at) =~ tr/\n//));
}


1;
