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


$cases{interpolation} = [
    ['a page without tags stays as it is',
     "Dear {colleague}, hello\n", {}, "Dear {colleague}, hello\n"],
    ['a tag is replaced by its field',
     "Dear {{name}}!\n", {name => 'Li'}, "Dear Li!\n"],
    ['a value that looks like a tag is not looked at again',
     '{{note}}|{{name}}', {note => '{{name}}', name => 'Li'},
     '{{name}}|Li'],
    ['an ordinary tag escapes for HTML',
     "Escaped: {{marks}}\n", {marks => $marks}, "Escaped: $escaped\n"],
    ['three braces do not',
     "As it is: {{{marks}}}\n", {marks => $marks}, "As it is: $marks\n",
     'marks'],
    ['nor does an ampersand',
     "As it is: {{&marks}}\n", {marks => $marks}, "As it is: $marks\n",
     'marks'],

    ['a whole number', '"{{seat}} is yours"', {seat => 42},
     '"42 is yours"'],
    ['a whole number in three braces', '"{{{seat}}} is yours"',
     {seat => 42}, '"42 is yours"', 'seat'],
    ['a whole number after an ampersand', '"{{&seat}} is yours"',
     {seat => 42}, '"42 is yours"', 'seat'],
    ['a fraction', '"{{share}} of it"', {share => '0.75'}, '"0.75 of it"'],
    ['a fraction in three braces', '"{{{share}}} of it"',
     {share => '0.75'}, '"0.75 of it"', 'share'],
    ['a fraction after an ampersand', '"{{&share}} of it"',
     {share => '0.75'}, '"0.75 of it"', 'share'],

    ['an empty field renders as nothing', 'gift({{gift}})!', {gift => ''},
     'gift()!'],
    ['an empty field in three braces', 'gift({{{gift}}})!', {gift => ''},
     'gift()!', 'gift'],
    ['an empty field after an ampersand', 'gift({{&gift}})!', {gift => ''},
     'gift()!', 'gift'],
    ['a missing field renders as nothing', 'gift({{gift}})!', {},
     'gift()!'],
    ['a missing field in three braces', 'gift({{{gift}}})!', {},
     'gift()!', 'gift'],
    ['a missing field after an ampersand', 'gift({{&gift}})!', {},
     'gift()!', 'gift'],

    ['spaces around a tag are kept', '/ {{row}} /', {row => '==='},
     '/ === /'],
    ['spaces around three braces', '/ {{{row}}} /', {row => '==='},
     '/ === /', 'row'],
    ['spaces around an ampersand tag', '/ {{&row}} /', {row => '==='},
     '/ === /', 'row'],
    ['a field alone on its line keeps the line', "  {{row}}\n",
     {row => '==='}, "  ===\n"],
    ['three braces alone on a line', "  {{{row}}}\n", {row => '==='},
     "  ===\n", 'row'],
    ['an ampersand tag alone on a line', "  {{&row}}\n", {row => '==='},
     "  ===\n", 'row'],
    ['spaces in a tag are dropped', '/{{ row }}/', {row => '==='}, '/===/'],
    ['spaces in three braces', '/{{{ row }}}/', {row => '==='}, '/===/',
     'row'],
    ['spaces after an ampersand', '/{{& row }}/', {row => '==='}, '/===/',
     'row'],
];


$cases{sections} = [
    ['a true field shows the body', '"{{#won}}a phone{{/won}}"',
     {won => 'true'}, '"a phone"'],
    ['a false one hides it', '"{{#won}}a phone{{/won}}"',
     {won => 'false'}, '""'],
    ['an empty one hides it', '"{{#won}}a phone{{/won}}"', {won => ''},
     '""'],
    ['the same section twice',
     "{{#won}}\n- one\n{{/won}}\n- {{second}}\n{{#won}}\n- three\n{{/won}}\n",
     {won => 'yes', second => 'two'}, "- one\n- two\n- three\n"],
    ['a section in itself, true',
     '/ 1 {{#won}}2 {{#won}}3{{/won}} 4{{/won}} 5 /', {won => 'yes'},
     '/ 1 2 3 4 5 /'],
    ['a section in itself, false',
     '/ 1 {{#won}}2 {{#won}}3{{/won}} 4{{/won}} 5 /', {won => 'no'},
     '/ 1  5 /'],
    ['a missing field hides the body', '({{#won}}a phone{{/won}})', {},
     '()'],

    ['spaces in and around a section on one line are kept',
     " / {{#won}}\t/\t{{/won}} / \n", {won => 'yes'}, " / \t/\t / \n"],
    ['spaces and lines within the body are kept',
     " / {{#won}} {{! kept }}\n {{/won}} / \n", {won => 'yes'},
     " /  \n  / \n"],
    ['two indented sections, each on one line',
     " {{#won}}PHONE{{/won}}\n {{#won}}TODAY{{/won}}\n", {won => 'yes'},
     " PHONE\n TODAY\n"],
    ['lines that hold nothing but a tag vanish',
     "/ Above\n{{#won}}\n/\n{{/won}}\n/ Below\n", {won => 'yes'},
     "/ Above\n/\n/ Below\n"],
    ['with their indentation',
     "/ Above\n  {{#won}}\n/\n  {{/won}}\n/ Below\n", {won => 'yes'},
     "/ Above\n/\n/ Below\n"],
    ['and with a carriage return',
     "/\r\n{{#won}}\r\n{{/won}}\r\n/", {won => 'yes'}, "/\r\n/"],
    ['on the first line of a page',
     "  {{#won}}\n*{{/won}}\n+", {won => 'yes'}, "*\n+"],
    ['on a last line that has no end',
     "*{{#won}}\n+\n  {{/won}}", {won => 'yes'}, "*\n+\n"],
    ['spaces in the tags are dropped', '/{{# won }}*{{/ won }}/',
     {won => 'yes'}, '/*/'],
];


$cases{inverted} = [
    ['a false field shows the body', '"{{^won}}thank you{{/won}}"',
     {won => 'false'}, '"thank you"'],
    ['a true one hides it', '"{{^won}}thank you{{/won}}"',
     {won => 'true'}, '""'],
    ['an empty one shows it', '"{{^won}}thank you{{/won}}"', {won => ''},
     '"thank you"'],
    ['the same section twice',
     "{{^won}}\n- one\n{{/won}}\n- {{second}}\n{{^won}}\n- three\n{{/won}}\n",
     {won => 'no', second => 'two'}, "- one\n- two\n- three\n"],
    ['a section in itself, false',
     '/ 1 {{^won}}2 {{^won}}3{{/won}} 4{{/won}} 5 /', {won => 'no'},
     '/ 1 2 3 4 5 /'],
    ['a section in itself, true',
     '/ 1 {{^won}}2 {{^won}}3{{/won}} 4{{/won}} 5 /', {won => 'yes'},
     '/ 1  5 /'],
    ['a missing field shows the body', '({{^won}}thank you{{/won}})', {},
     '(thank you)'],

    ['spaces in and around a section on one line are kept',
     " / {{^won}}\t/\t{{/won}} / \n", {won => 'no'}, " / \t/\t / \n"],
    ['spaces and lines within the body are kept',
     " / {{^won}} {{! kept }}\n {{/won}} / \n", {won => 'no'},
     " /  \n  / \n"],
    ['two indented sections, each on one line',
     " {{^won}}THANK{{/won}}\n {{^won}}YOU{{/won}}\n", {won => 'no'},
     " THANK\n YOU\n"],
    ['lines that hold nothing but a tag vanish',
     "/ Above\n{{^won}}\n/\n{{/won}}\n/ Below\n", {won => 'no'},
     "/ Above\n/\n/ Below\n"],
    ['with their indentation',
     "/ Above\n  {{^won}}\n/\n  {{/won}}\n/ Below\n", {won => 'no'},
     "/ Above\n/\n/ Below\n"],
    ['and with a carriage return',
     "/\r\n{{^won}}\r\n{{/won}}\r\n/", {won => 'no'}, "/\r\n/"],
    ['on the first line of a page',
     "  {{^won}}\n*{{/won}}\n+", {won => 'no'}, "*\n+"],
    ['on a last line that has no end',
     "*{{^won}}\n+\n  {{/won}}", {won => 'no'}, "*\n+\n"],
    ['spaces in the tags are dropped', '/{{^ won }}*{{/ won }}/',
     {won => 'no'}, '/*/'],
];


$cases{comments} = [
    ['a comment leaves nothing behind', 'left{{! for HR }}right', {},
     'leftright'],
    ['nor does one of several lines',
     "left{{!\n  for HR,\n  who reads it\n}}right\n", {}, "leftright\n"],
    ['alone on a line it takes the line',
     "Above\n{{! for HR }}\nBelow\n", {}, "Above\nBelow\n"],
    ['with its indentation',
     "Above\n  {{! for HR }}\nBelow\n", {}, "Above\nBelow\n"],
    ['and with a carriage return',
     "/\r\n{{! for HR }}\r\n/", {}, "/\r\n/"],
    ['on the first line of a page', "  {{! for HR }}\n+", {}, '+'],
    ['on a last line that has no end', "+\n  {{! for HR }}", {}, "+\n"],
    ['several lines alone take their lines',
     "Above\n{{!\nfor HR and others\n}}\nBelow\n", {}, "Above\nBelow\n"],
    ['with their indentation',
     "Above\n  {{!\n    for HR and others\n  }}\nBelow\n", {},
     "Above\nBelow\n"],
    ['after text it leaves the line alone', "  ab {{! cd }}\n", {},
     "  ab \n"],
    ['spaces around it are kept', 'left {{! for HR }} right', {},
     'left  right'],
    ['fields of that name stay out of it', 'nothing: >{{! memo }}<',
     {'! memo' => 1, '! memo ' => 2, '!memo' => 3, memo => 4},
     'nothing: ><'],
];


$cases{delimiters} = [
    ['a pair of two bytes each', '{{=<% %>=}}[<%name%>]', {name => 'Li'},
     '[Li]'],
    ['bytes that a pattern would take for its own',
     '[{{=( )=}}(name)]', {name => 'Li'}, '[Li]'],
    ['sections before and after the change',
     "(\n{{#won}}\n  {{gift}}\n  !gift!\n{{/won}}\n\n{{= ! ! =}}\n"
     . "!#won!\n  {{gift}}\n  !gift!\n!/won!\n)\n",
     {won => 'yes', gift => 'a phone'},
     "(\n  a phone\n  !gift!\n\n  {{gift}}\n  a phone\n)\n"],
    ['inverted sections before and after the change',
     "(\n{{^won}}\n  {{gift}}\n  !gift!\n{{/won}}\n\n{{= ! ! =}}\n"
     . "!^won!\n  {{gift}}\n  !gift!\n!/won!\n)\n",
     {won => 'no', gift => 'a mug'},
     "(\n  a mug\n  !gift!\n\n  {{gift}}\n  a mug\n)\n"],
    ['spaces around the tag are kept', '/ {{=~ ~=}} /', {}, '/  /'],
    ['spaces before the tag after other text are kept',
     " / {{=~ ~=}}\n", {}, " / \n"],
    ['alone on a line it takes the line',
     "Above\n{{=~ ~=}}\nBelow\n", {}, "Above\nBelow\n"],
    ['with its indentation',
     "Above\n  {{=~ ~=}}\nBelow\n", {}, "Above\nBelow\n"],
    ['and with a carriage return',
     "/\r\n{{= ~ ~ =}}\r\n/", {}, "/\r\n/"],
    ['on the first line of a page', "  {{=~ ~=}}\n+", {}, '+'],
    ['on a last line that has no end', "+\n  {{=~ ~=}}", {}, "+\n"],
    ['more spaces in the tag', '/{{= ~   ~ =}}/', {}, '//'],
];


my $total = 0;

for my $group (sort keys %cases) {
    $total += @{$cases{$group}};

    for my $case (@{$cases{$group}}) {
        my ($name, $page, $record, $expected, @raw) = @$case;
        my $file = spew(run_dir() . '/mustache.html', $page);

        my ($status, $out, $err) = run(
            prizectl(), 'render', '--page', $file,
            (map { ('--field', "$_=$record->{$_}") } sort keys %$record),
            (map { ('--raw', $_) } @raw));

        is($out, $expected, "$group: $name");
        is("$status $err", '0 ', "$group: $name, without a complaint");
    }
}

is($total, 83, 'as many cases as the language has');

done_testing();
