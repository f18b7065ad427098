use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What the Mustache specification asks of interpolation, sections, inverted
# sections, comments and delimiters, where it needs no object, list, partial,
# dotted name or {{.}}: 27 + 16 + 16 + 12 + 12 = 83 cases.
#
# A case is: what it shows, the page, the record, what comes out, and the
# fields that may be raw.  A field that a record lacks is what the
# specification calls null or missing.

my $marks = q(& " < >);
my $escaped = '&amp; &quot; &lt; &gt;';

my %cases;


# ---- interpolation: three tags, of which one escapes

$cases{interpolation} = [
    ['a page without tags stays as it is',
     "Dear {colleague}, hello\n", {}, "Dear {colleague}, hello\n"],
    ['a tag is replaced by its field',
     "Dear {{name}}!\n", {name => 'Li'}, "Dear Li!\n"],
    ['a value that looks like a tag is not looked at again',
     '{{note}}|{{name}}', {note => '{{name}}', name => 'Li'}, '{{name}}|Li'],
];

my @values = (
    # "<" stands for the tag's beginning and ">" for its end
    ['a whole number', '"<x> is yours"', 42, '"42 is yours"'],
    ['a fraction', '"<x> of it"', '0.75', '"0.75 of it"'],
    ['an empty field renders as nothing', 'gift(<x>)!', '', 'gift()!'],
    ['a missing field renders as nothing', 'gift(<x>)!', undef, 'gift()!'],
    ['spaces around it are kept', '/ <x> /', '===', '/ === /'],
    ['alone on its line it keeps the line', "  <x>\n", '===', "  ===\n"],
    ['spaces in it are dropped', '/< x >/', '===', '/===/'],
);

for my $tag (['{{', '}}', $escaped], ['{{{', '}}}', $marks],
             ['{{&', '}}', $marks])
{
    my ($begin, $end, $shown) = @$tag;

    for my $case (@values, ['HTML', "As it is: <x>\n", $marks,
                            "As it is: $shown\n"])
    {
        my ($name, $page, $value, $expected) = @$case;

        push @{$cases{interpolation}},
             ["$begin$end: $name", $page =~ s/</$begin/r =~ s/>/$end/r,
              defined $value ? {x => $value} : {}, $expected, 'x'];
    }
}


# ---- sections, shown and hidden by these values

my $nested = '/ 1 {{#won}}2 {{#won}}3{{/won}} 4{{/won}} 5 /';
my $twice = "{{#won}}\n- one\n{{/won}}\n- {{second}}\n{{#won}}\n- three\n"
            . "{{/won}}\n";

for my $kind (['sections', '#', 'yes', 'no', 'true', 'false'],
              ['inverted', '^', 'no', 'yes', 'false', 'true'])
{
    my ($group, $mark, $yes, $no, $true, $false) = @$kind;
    my ($shown, $hidden) = ({won => $yes}, {won => $no});
    my $nothing = $mark eq '#' ? '()' : '(a phone)';

    $cases{$group} = [map { $_->[1] =~ s/\{\{#/{{$mark/g; $_ } (
        ['a field of the one kind shows the body',
         '"{{#won}}a phone{{/won}}"', {won => $true}, '"a phone"'],
        ['one of the other kind hides it',
         '"{{#won}}a phone{{/won}}"', {won => $false}, '""'],
        ['an empty field is false', '({{#won}}a phone{{/won}})',
         {won => ''}, $nothing],
        ['a missing field is false', '({{#won}}a phone{{/won}})', {},
         $nothing],
        ['the same section twice', $twice, {%$shown, second => 'two'},
         "- one\n- two\n- three\n"],
        ['a section in itself, shown', $nested, $shown, '/ 1 2 3 4 5 /'],
        ['a section in itself, hidden', $nested, $hidden, '/ 1  5 /'],

        ['spaces in and around a section on one line are kept',
         " / {{#won}}\t/\t{{/won}} / \n", $shown, " / \t/\t / \n"],
        ['spaces and lines within the body are kept',
         " / {{#won}} {{! kept }}\n {{/won}} / \n", $shown,
         " /  \n  / \n"],
        ['two indented sections, each on one line',
         " {{#won}}PHONE{{/won}}\n {{#won}}TODAY{{/won}}\n", $shown,
         " PHONE\n TODAY\n"],
        ['lines that hold nothing but a tag vanish',
         "/ Above\n{{#won}}\n/\n{{/won}}\n/ Below\n", $shown,
         "/ Above\n/\n/ Below\n"],
        ['with their indentation',
         "/ Above\n  {{#won}}\n/\n  {{/won}}\n/ Below\n", $shown,
         "/ Above\n/\n/ Below\n"],
        ['and with a carriage return',
         "/\r\n{{#won}}\r\n{{/won}}\r\n/", $shown, "/\r\n/"],
        ['on the first line of a page',
         "  {{#won}}\n*{{/won}}\n+", $shown, "*\n+"],
        ['on a last line that has no end',
         "*{{#won}}\n+\n  {{/won}}", $shown, "*\n+\n"],
        ['spaces in the tags are dropped', '/{{# won }}*{{/ won }}/',
         $shown, '/*/'],
    )];
}


# ---- tags that leave nothing behind: comments, and delimiters that change

$cases{comments} = [
    ['nothing is left of it', 'left{{! for HR }}right', {}, 'leftright'],
    ['nor of one of several lines',
     "left{{!\n  for HR,\n  who reads it\n}}right\n", {}, "leftright\n"],
    ['several lines alone take their lines',
     "Above\n{{!\nfor HR and others\n}}\nBelow\n", {}, "Above\nBelow\n"],
    ['with their indentation',
     "Above\n  {{!\n    for HR and others\n  }}\nBelow\n", {},
     "Above\nBelow\n"],
    ['fields of that name stay out of it', 'nothing: >{{! memo }}<',
     {'! memo' => 1, '! memo ' => 2, '!memo' => 3, memo => 4},
     'nothing: ><'],
];

my $changes = "(\n{{#won}}\n  {{gift}}\n  !gift!\n{{/won}}\n\n{{= ! ! =}}\n"
              . "!#won!\n  {{gift}}\n  !gift!\n!/won!\n)\n";
my $changed = "(\n  a mug\n  !gift!\n\n  {{gift}}\n  a mug\n)\n";

$cases{delimiters} = [
    ['a pair of two bytes each', '{{=<% %>=}}[<%name%>]', {name => 'Li'},
     '[Li]'],
    ['bytes that a pattern would take for its own',
     '[{{=( )=}}(name)]', {name => 'Li'}, '[Li]'],
    ['sections before and after the change', $changes,
     {won => 'yes', gift => 'a mug'}, $changed],
    ['inverted sections before and after the change',
     $changes =~ s/#/^/gr, {won => 'no', gift => 'a mug'}, $changed],
    ['more spaces in the tag', '/{{= ~   ~ =}}/', {}, '//'],
];

for my $kind (['comments', '{{! for HR }}'], ['delimiters', '{{=~ ~=}}']) {
    my ($group, $tag) = @$kind;

    push @{$cases{$group}},
        ['alone on a line it takes the line',
         "Above\n$tag\nBelow\n", {}, "Above\nBelow\n"],
        ['with its indentation', "Above\n  $tag\nBelow\n", {},
         "Above\nBelow\n"],
        ['and with a carriage return', "/\r\n$tag\r\n/", {}, "/\r\n/"],
        ['on the first line of a page', "  $tag\n+", {}, '+'],
        ['on a last line that has no end', "+\n  $tag", {}, "+\n"],
        ['after text it leaves the line alone', "  ab $tag\n", {}, "  ab \n"],
        ['spaces around it are kept', "/ $tag /", {}, '/  /'];
}


is_deeply({ map { $_ => scalar @{$cases{$_}} } keys %cases },
          { interpolation => 27, sections => 16, inverted => 16,
            comments => 12, delimiters => 12 }, 'all cases are there');

for my $group (sort keys %cases) {
    for my $case (@{$cases{$group}}) {
        my ($name, $page, $record, $expected, @raw) = @$case;
        my $file = spew(run_dir() . '/mustache.html', $page);

        is_deeply([run(prizectl(), 'render', '--page', $file,
                       (map { ('--field', "$_=$record->{$_}") }
                            sort keys %$record),
                       (map { ('--raw', $_) } @raw))],
                  [0, $expected, ''], "$group: $name");
    }
}

done_testing();
