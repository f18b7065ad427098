package Test::Prize::Source;

# What a user of the program can meet, read from its sources: directives,
# variables, metrics, prizectl's options, exit codes, messages.
#
#     my $source = Test::Prize::Source->new(root());
#     my %default = %{ $source->directives };
#
# Each is a reference to a hash, of names and what belongs to them.

use strict;
use warnings;
use utf8;

use Carp qw(croak);

# what writes a message itself; whatever hands one of its own arguments on to
# one of these is found to be another

my @writers = qw(ngx_conf_log_error ngx_log_error ngx_prize_notice
                 prizectl_error prizectl_csv_error prize_source_error
                 prize_lines_error prize_inlines_fault
                 ngx_prize_redis_conn_set_loss
                 ngx_prize_redis_pipe_refuse prize_cluster_refuse);

# nginx's own names of strings
my %foreign = (ngx_close_file_n => 'close()');

my %context = (
    MAIN => 'http', SRV => 'server', LOC => 'location',
    LIF => 'if in location', LMT => 'limit_except',
);

# strings beside one another are one, with the macros between them; in the
# code a string is its number in $self->{strings}

my $macro = qr/\b(?:[A-Z]\w*|\w+_n)\b/;
my $joined = qr/(?:$macro\s+(?="))?"\d+"(?:\s+(?:"\d+"|$macro))*/;


sub new {
    my ($class, $root) = @_;
    my $self = bless { text => {}, strings => [], define => {} }, $class;

    for my $file (glob("$root/src/*/*.[ch]"), "$root/conf/man/prizectl.1") {
        open my $in, '<:encoding(UTF-8)', $file or croak "$file: $!";
        local $/;
        my $text = $self->{text}{substr $file, length("$root/")} = <$in>;

        $self->{define}{$1} = $2 while $text =~
            /^\#define[ ]+(\w+)[ ]+(\S.*?)[ ]*(?:\/\*.*)?$/gmx;
    }

    return $self;
}


# the text of the files whose name matches

sub all {
    my ($self, $match) = @_;

    return join '', map { $self->{text}{$_} }
                    grep { /$match/ } sort keys %{$self->{text}};
}


# the value of an object-like macro, once none of its names is one

sub value {
    my ($self, $text) = @_;

    1 while $text =~ s{\b([A-Z]\w+)\b}{$self->{define}{$1} // lc $1}e;
    $text =~ s/^"(.*)"$/$1/;

    return $text;
}


sub duration {
    my ($ms) = @_;

    return $ms % 1000 ? "${ms}ms"
           : $ms % 3600000 == 0 ? ($ms / 3600000) . 'h'
           : $ms % 60000 == 0 ? ($ms / 60000) . 'm' : ($ms / 1000) . 's';
}


# the values of a mask: NGX_PRIZE_REDIS_TLSv1_2 is written TLSv1.2

sub bits { return map { tr/_/./r } $_[0] =~ /_(TLSv1\w*)/g }


# { NAME => [DEFAULT, CONTEXT] }.  What is merged as "conf->NAME" is the
# default of "prize_NAME"; what has none is merged by hand, or as NULL or "".

sub directives {
    my ($self) = @_;
    my $text = $self->all(qr{^src/http/.*\.c$});
    my %flag = map { $_ => 1 } $self->{text}{'src/http/ngx_http_prize.h'}
                               =~ /ngx_flag_t\s+(\w+);/g;
    my %word = $text =~ /\[(NGX_PRIZE_\w+)\] = "(\w+)"/g;
    my (%default, %directive);

    while ($text =~ /ngx_conf_merge_(?:(\w+)_)?value\( \s*
                     conf->(\w+)(?:\.value)?, \s*
                     prev->\w+(?:\.value)?, \s* ([^;]+?)\);/gx)
    {
        my ($kind, $name, $text) = ($1 // '', $2, $3);
        my $value = $kind eq 'bitmask' ? join ' ', bits($text)
                    : $text =~ /^"(.*)"$/ ? $1
                    : $word{$text} // $self->value($text);

        $default{$name} = $text eq 'NULL' || $value eq '' ? '—'
            : "prize_$name " . ($flag{$name} ? ($value ? 'on' : 'off')
                                : $kind eq 'msec' ? duration($value)
                                : $value) . ';';
    }

    # a complex value stands in a string of its own
    while ($text =~ /prev->(\w+)[ ]==[ ]NGX_CONF_UNSET_PTR\)
                     .*? &(ngx_http_prize_default_\w+)\)/gsx)
    {
        my ($name, $string) = ($1, $2);
        my ($value) = $text =~ /\b$string\s*=\s*ngx_string\("([^"]*)"\)/
            or croak "no string $string";
        $default{$name} = "prize_$name $value;";
    }

    while ($text =~ /\{\sngx_string\("prize_(\w+)"\),\s+(NGX_[\w|\s]+?),
                     \s+ngx_\w+,/gx)
    {
        my ($name, $flags) = ($1, $2);

        $directive{"prize_$name"} = [$default{$name} // '—',
            join ', ', map { $context{$_} // () }
                       $flags =~ /NGX_HTTP_(\w+)_CONF/g];
    }

    return \%directive;
}


# of prize_postgres

sub parameters {
    my ($self) = @_;
    my $text = $self->all(qr{^src/http/.*\.c$});
    my ($list, $maximum) = $text =~ /names\[\]\s=\s(\{[^}]+\});\s+
                           static\sngx_int_t\s+maximum\[\]\s=\s(\{[^}]+\})/x
        or croak 'no parameters of prize_postgres';
    my @maximum = $maximum =~ /(\d+)/g;

    return { map {
        my ($default) = $text =~ /pool->$_ = (\d+);/ or croak "no $_";
        $_ => "$default by default and " . shift(@maximum) . ' at most'
    } $list =~ /"(\w+)="/g };
}


# { NAME => the values that it can have }; a name that ends in _ is a prefix

sub variables {
    my ($self) = @_;
    my $text = $self->all(qr{^src/http/});
    my ($table) = $text =~ /ngx_http_variable_t\s+\w+\[\] = \{(.*?)\n\};/s
        or croak 'no variables';

    return { map {
        my $name = $_;
        my ($list) = $text =~ /ngx_str_t\s+ngx_http_${name}s\[\] = \{(.*?)\}/s;
        $name => join ' ', sort +($list // '') =~ /ngx_string\("(\w+)"\)/g;
    } $table =~ /\{ ngx_string\("(\w+)"\)/g };
}


sub metrics {
    my ($self) = @_;
    my (undef, $code) = $self->code('src/core/prize_metrics_text.c');

    return { map { $_ => '' } map { /\b(prize_[a-z_]+)/g }
             map { $self->{strings}[$_] } $code =~ /"(\d+)"/g };
}


sub exit_codes {
    my ($self) = @_;
    my ($list) = $self->{text}{'src/prizectl/prizectl.h'}
                 =~ m{/\* exit codes \*/\n\n((?:\#define.*\n)+)}
        or croak 'no exit codes in src/prizectl/prizectl.h';

    return { map { $_ => '' } $list =~ /(\d+)$/gm };
}


sub commands {
    my ($self) = @_;
    my ($list) = $self->{text}{'src/prizectl/prizectl.c'}
                 =~ /prizectl_commands\[\] = \{(.*?)\n\};/s
        or croak 'no commands of prizectl';

    return { map { $_ => '' } $list =~ /\{ "(\w+)"/g };
}


# of all commands, and the two that stand without one

sub options {
    my ($self) = @_;
    my $text = $self->all(qr{^src/prizectl/});

    return { map { $_ => '' }
             $text =~ /^[ ]+\{ "([a-z-]+)", (?:NULL|"[^"]+"), PRIZECTL_/gm,
             $text =~ /strcmp\(argv\[1\], "--([a-z-]+)"\)/g };
}


# Of the options that have one: { NAME => DEFAULT }, with what each place of
# the source has for it, should they differ.

sub option_defaults {
    my ($self) = @_;
    my $text = $self->all(qr{^src/prizectl/});
    my %default;

    while ($text =~ /^\s+\w+->(key|ttl|jitter|id_column|id_max_length|rate
                               |sample|within)[ ]=[ ]([A-Z\d"][^;]*);/gmx)
    {
        my ($name, $value) = ($1 =~ tr/_/-/r, $self->value($2));

        $value = eval $value =~ s/(?<=\d)[uUlL]+\b//gr
            if $value =~ m{^[\d\s()*/+uUlL-]+$};
        $default{$name}{$name =~ /^(?:ttl|within)$/ ? duration($value)
                        : $name eq 'jitter' ? "$value%"
                        : $name eq 'rate' ? "$value/s" : $value} = 1;
    }

    return { map { $_ => join ' or ', sort keys %{ $default{$_} } }
             keys %default };
}


# what "prizectl COMMAND --help" and the man page say of them

sub help_defaults {
    my ($self) = @_;
    my $text = $self->all(qr{^src/prizectl/}) =~ s/" (PRIZECTL_\w+) "/
                   $self->value($1)/ger;

    return { $text =~ /^[ ]+\{[ ]"([a-z-]+)",[ ](?:(?!\n\n).)*?
                       \(([^\s()]+)\)"[ ]\}/gmsx };
}

sub man_defaults {
    my ($self) = @_;
    my $text = $self->{text}{'conf/man/prizectl.1'} =~ s/\\-/-/gr
               =~ s/\\f[A-Z]//gr =~ s/^\.(?:[BI]+R?|RB) //gmr;
    my %default;

    $default{$1} //= $2 while $text =~ /^--([a-z-]+)[ ](?:(?!^\.TP).)*?
                                        default[ ]is\s(\S+?)[ ;.]/gmsx;
    return \%default;
}


# Messages: { TEXT => PLACE }, each value that is put in written as "…".  Of
# an argument that is put in, such as a reason, each text is one of its own.

sub messages {
    my ($self) = @_;
    my @functions = map { $self->functions($_) }
                    grep { /\.[ch]$/ } sort keys %{$self->{text}};
    my %writer = map { $_ => 1 } @writers;
    my (%message, @new);

    do {
        @new = map { $_->{name} }
               grep { !$writer{$_->{name}} && hands_on($_, \%writer) }
               @functions;
        @writer{@new} = (1) x @new;
    } while @new;

    for my $function (@functions) {
        for (said($function, \%writer)) {
            my ($place, $strings, $format) = @$_;
            my $text = $self->shown($strings, $format) // next;
            my $line = $function->{line}
                       + (substr($function->{body}, 0, $place) =~ tr/\n//);

            $message{$text} //= "$function->{file}:$line";
        }
    }

    return \%message;
}


# a file without comments and what the preprocessor reads, line by line as it
# was, and its strings kept aside

sub code {
    my ($self, $file) = @_;
    my $strings = $self->{strings};
    my $keep = sub { push @$strings, $_[0]; return '"' . $#$strings . '"' };

    return $file, $self->{text}{$file} =~ s{
        ( /\*.*?\*/ | ^\#(?:[^\n]*\\\n)*[^\n]* | __attribute__\(\([^;]*?\)\) )
        | "((?:[^"\\]|\\.)*)" | '(?:[^'\\]|\\.)+'
    }{ defined $1 ? $1 =~ s/[^\n]//gr : defined $2 ? $keep->($2) : "''" }gemsxr;
}


# nginx's style: a body stands between two braces in the first column

sub functions {
    my ($self, $name) = @_;
    my ($file, $code) = $self->code($name);
    my @functions;

    while ($code =~ /^([^\n]*\n)(\w+)(\((?:[^;{}=]|\n)*?\))\n\{\n(.*?)^\}/gms) {
        my ($type, $name, $head, $body, $at) = ($1, $2, $3, $4, $-[4]);

        push @functions, {
            file => $file, name => $name, body => $body,
            line => 1 + (substr($code, 0, $at) =~ tr/\n//),
            parameters => [$head =~ /\bchar\s*\*(\w+)/g],
            text => scalar($type =~ /\bchar \*$/),
        };
    }

    return @functions;
}


# the place, and what stands between the parentheses, of each call of a writer

sub calls {
    my ($function, $writer) = @_;
    my @calls;

    while ($function->{body} =~ /\b(\w+)(\((?:[^()]++|(?2))*\))/g) {
        push @calls, [$-[2], $2] if $writer->{$1};
        pos($function->{body}) = $-[2] + 1;
    }

    return @calls;
}


# the names that are handed to a writer as they are, or choose by ? and :

sub arguments {
    my (@calls) = @_;

    return map { /^(?:.* [?:] )?([a-z]\w*)$/s ? $1 : () }
           map { split /,\s*/ } map { $_->[1] =~ s/^\(|\)$//gr } @calls;
}


# a function is a writer if it hands on text that it was given

sub hands_on {
    my ($function, $writer) = @_;
    my %given = map { $_ => 1 } arguments(calls($function, $writer));

    return grep { $given{$_} } @{$function->{parameters}};
}


# [PLACE, STRINGS, FORMAT] of what a function says: in a call of a writer, in
# what is assigned to a name that such a call takes, and what it returns

sub said {
    my ($function, $writer) = @_;
    my @calls = calls($function, $writer);
    my %taken = map { $_ => 1 } arguments(@calls);
    my @said;

    for my $call (@calls) {
        my $format = 1;

        while ($call->[1] =~ /($joined)/g) {
            push @said, [$call->[0] + $-[1], $1, $format];
            $format = 0;
        }
    }

    while ($function->{body} =~ /([^;{}]+)/g) {
        my ($statement, $at) = ($1, $-[1]);

        next unless $statement =~ /\breturn\b/ && $function->{text}
            || $statement =~ /(\w+)(?:\[\])?\s+=\s/ && $taken{$1};

        push @said, [$at + $-[1], $1, 0] while $statement =~ /($joined)/g;
    }

    return @said;
}


# as the README shows it; nothing if it says nothing by itself

sub shown {
    my ($self, $strings, $format) = @_;
    my $text = join '', map {
        /^"(\d+)"/ ? $self->{strings}[$1]
        : $foreign{$_} // ($self->{define}{$_} ? $self->value($_) : '%s')
    } split ' ', $strings;

    $text =~ s/\\(["\\])/$1/g;
    $text =~ s{%(?:(%)|[-0 ]*[\d.]*\*?(?:ll|z|l|[uxX](?=[izL]))*[a-zA-Z])}
              {$1 // '…'}ge;
    $text =~ s/…+/…/g;
    $text =~ s/^[\s,:]+|[\s]+$//g unless $format;

    return $text =~ /[a-z]{2}/i && $text =~ / / ? $text : undef;
}


1;
