package Test::Prize::Certificates;

# An authority of a test's own, by the command "openssl".
#
#     my $ca = Test::Prize::Certificates->new;
#     my $server = $ca->issue('server', names => 'DNS:redis.test,IP:127.0.0.1');
#     my $redis = Test::Prize::Redis->start(tls => $server);
#     ... "prize_redis_ssl_trusted_certificate $ca->{file};" ...
#
# A certificate is {certificate, key, ca}, names of files, all of them readable
# by whoever runs nginx.  "issue" also takes "days", which may be negative for
# one that has ended, "password", which encrypts the key, and "authority", which
# makes another authority of it, below this one.  "revoke" takes a certificate
# back, and "crl" is the list that says so.

use strict;
use warnings;

use Carp qw(croak);
use Time::HiRes qw(time);

use Test::Prize;

my $count = 0;


sub new {
    my ($class, %option) = @_;
    my $self = $class->folder;

    openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
               -days 30 -subj), '/CN=' . ($option{name} // 'Test CA'),
            '-config', "$self->{dir}/config", '-extensions', 'authority',
            '-keyout', $self->{key}, '-out', $self->{file});
    $self->{certificate} = $self->{file};
    return $self;
}


sub folder {
    my ($class) = @_;
    my $dir = sprintf '%s/ca.%d.%d', run_dir(), $$, ++$count;

    mkdir $dir, 0755 or croak "mkdir $dir: $!";
    spew("$dir/index", '');
    spew("$dir/serial", "01\n");
    spew("$dir/crlnumber", "01\n");
    spew("$dir/config", <<"CONFIG");
[ca]
default_ca = test
[test]
database = $dir/index
serial = $dir/serial
crlnumber = $dir/crlnumber
new_certs_dir = $dir
default_md = sha256
default_crl_days = 30
policy = policy
unique_subject = no
[policy]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = test
[authority]
basicConstraints = critical, CA:true
keyUsage = keyCertSign, cRLSign
subjectKeyIdentifier = hash
CONFIG

    return bless { dir => $dir, file => "$dir/ca.crt", key => "$dir/ca.key",
                   issued => 0 }, $class;
}


sub openssl {
    my (@command) = @_;
    my ($status, $out, $err) = run('openssl', @command);

    croak "openssl @command: $err" if $status;
    return $out;
}


sub stamp {
    my ($days) = @_;
    my ($second, $minute, $hour, $day, $month, $year)
        = gmtime(time + $days * 86_400);

    return sprintf '%04d%02d%02d%02d%02d%02dZ', $year + 1900, $month + 1, $day,
                   $hour, $minute, $second;
}


sub issue {
    my ($self, $name, %option) = @_;
    my $sub = $option{authority} ? ref($self)->folder : undef;
    my $base = "$self->{dir}/" . ++$self->{issued};
    my $key = $sub ? $sub->{key} : "$base.key";
    my $out = $sub ? $sub->{file} : "$base.crt";
    my $days = $option{days} // 20;

    openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes),
            '-subj', "/CN=$name", '-config', "$self->{dir}/config",
            '-keyout', $key, '-out', "$base.csr");

    my $extensions = $sub ? "basicConstraints = critical, CA:true\n"
                            . "keyUsage = keyCertSign, cRLSign\n"
                            . "subjectKeyIdentifier = hash\n"
                     : "subjectAltName = " . ($option{names} // "DNS:$name")
                       . "\n";

    spew("$base.ext", $extensions);
    openssl('ca', '-batch', '-notext', '-config', "$self->{dir}/config",
            '-cert', $self->{file}, '-keyfile', $self->{key},
            '-in', "$base.csr", '-out', $out, '-extfile', "$base.ext",
            '-startdate', stamp($days < 0 ? $days - 1 : -1),
            '-enddate', stamp($days));

    if (defined $option{password}) {
        openssl('pkey', '-in', $key, '-aes256', '-passout',
                "pass:$option{password}", '-out', "$key.new");
        rename "$key.new", $key or croak "rename $key.new: $!";
    }

    chmod 0644, $key or croak "chmod $key: $!";

    my $certificate = { certificate => $out, key => $key,
                        ca => $self->{root} // $self->{file} };

    # what a server sends: its own, and those between it and the root
    my $chain = slurp($out) . ($self->{chain} // '');

    if ($sub) {
        @$sub{qw(root chain)} = ($certificate->{ca}, $chain);
        return $sub;
    }

    spew($out, $chain);
    return $certificate;
}


sub revoke {
    my ($self, $certificate) = @_;

    openssl('ca', '-config', "$self->{dir}/config", '-cert', $self->{file},
            '-keyfile', $self->{key}, '-revoke', $certificate->{certificate});
}


sub crl {
    my ($self) = @_;
    my $file = "$self->{dir}/crl." . ++$self->{lists};

    openssl('ca', '-config', "$self->{dir}/config", '-cert', $self->{file},
            '-keyfile', $self->{key}, '-gencrl', '-out', $file);
    return $file;
}


1;
