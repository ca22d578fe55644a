#!/usr/bin/perl
# What a helpdesk has before we come: people, queues with addresses, companies. Through Znuny's own modules, as www-data, in its home.
use strict;
use warnings;
use utf8;
use Cwd;
use lib getcwd(), getcwd() . '/Kernel/cpan-lib', getcwd() . '/Custom';
use Kernel::System::ObjectManager;
local $Kernel::OM = Kernel::System::ObjectManager->new( 'Kernel::System::Log' => { LogPrefix => 'seed' } );
sub O { return $Kernel::OM->Get("Kernel::System::$_[0]") }
sub ok { my ( $What, $Value ) = @_; die "FAILED: $What\n" if !$Value; return $Value }

O('User')->SetPassword( UserLogin => 'root@localhost', PW => 'root-pw' );

my %Group = reverse O('Group')->GroupList( Valid => 0 );
for my $Name (qw(secret quiet)) {
    $Group{$Name} = ok( "group $Name", O('Group')->GroupAdd( Name => $Name, ValidID => 1, UserID => 1 ) );
}
for my $Agent ( [ 'policy-bot', 'Policy', 'Bot', [ 'users', 'quiet' ] ], [ 'agent1', 'Agnes', 'Agent', [ 'users', 'secret' ] ] ) {
    my ( $Login, $First, $Last, $Groups ) = @{$Agent};
    my $ID = ok(
        "user $Login",
        O('User')->UserAdd( UserLogin => $Login, UserFirstname => $First, UserLastname => $Last, UserEmail => "$Login\@helpdesk.test",
            UserPw => "$Login-pw", ValidID => 1, ChangeUserID => 1 )
    );
    for my $Name ( @{$Groups} ) {
        O('Group')->PermissionGroupUserAdd( GID => $Group{$Name}, UID => $ID, UserID => 1,
            Permission => { map { $_ => 1 } qw(ro move_into create note owner priority rw) } );
    }
}

my %Queue = reverse O('Queue')->QueueList( Valid => 0 );
for my $New ( [ 'Support', 'help@helpdesk.test', 'users' ], [ 'Sales', 'sales@helpdesk.test', 'users' ],
    [ 'Projects', 'projects@helpdesk.test', 'users' ], [ 'Silent', undef, 'quiet' ], [ 'Secret', 'secret@helpdesk.test', 'secret' ] ) {
    my ( $Name, $Mail, $In ) = @{$New};
    my %With = ( ValidID => 1, GroupID => $Group{$In}, SalutationID => 1, SignatureID => 1, FollowUpID => 1, FollowUpLock => 0,
        Comment => '', UserID => 1 );
    # A queue cannot be without an address; the one of a fresh installation, on localhost, is as good as none.
    $Queue{$Name} = ok( "queue $Name", O('Queue')->QueueAdd( Name => $Name, SystemAddressID => 1, %With ) );
    next if !$Mail;
    my $Address = ok( "address $Mail", O('SystemAddress')->SystemAddressAdd( Name => $Mail, Realname => "$Name Desk", ValidID => 1,
        QueueID => $Queue{$Name}, Comment => '', UserID => 1 ) );
    my %Data = O('Queue')->QueueGet( ID => $Queue{$Name} );
    O('Queue')->QueueUpdate( %Data, SystemAddressID => $Address, UserID => 1 );
}
my $Order = 100;
for my $Field ( [ 'ContractLevel', 'Dropdown', { DefaultValue => '', PossibleNone => 1, TranslatableValues => 0,
            PossibleValues => { gold => 'Gold', silver => 'Silver', none => 'No contract' } } ],
    [ 'ContractUntil', 'Text', { DefaultValue => '', Link => '' } ],
    [ 'MailDomains',   'Text', { DefaultValue => '', Link => '' } ],
    [ 'ProjectCode',   'Text', { DefaultValue => '', Link => '' }, 'Ticket' ],
    [ 'Scribble',      'Text', { DefaultValue => '', Link => '' }, 'Ticket' ] ) {
    my ( $Name, $Type, $Config, $ObjectType ) = @{$Field};
    ok( "field $Name", O('DynamicField')->DynamicFieldAdd( Name => $Name, Label => $Name, FieldOrder => $Order++, FieldType => $Type,
        ObjectType => $ObjectType || 'CustomerCompany', Config => $Config, ValidID => 1, UserID => 1 ) );
}
for my $Company ( [ 'ACME', 'Acme Corp', 'gold', 'acme.test,acme.example' ], [ 'GLOBEX', 'Globex GmbH', 'silver', 'globex.test' ],
    [ 'NOCON', 'No Contract Ltd', 'none', 'nocontract.test' ], [ 'TWINA', 'Twin A', '', 'twin.test' ], [ 'TWINB', 'Twin B', '', 'twin.test' ] ) {
    my ( $ID, $Name, $Level, $Domains ) = @{$Company};
    ok( "company $ID", O('CustomerCompany')->CustomerCompanyAdd( CustomerID => $ID, CustomerCompanyName => $Name,
        CustomerCompanyStreet => '', CustomerCompanyZIP => '', CustomerCompanyCity => '', CustomerCompanyCountry => '', CustomerCompanyURL => '',
        CustomerCompanyComment => '', ValidID => 1, UserID => 1 ) );
    for my $Value ( [ 'ContractLevel', $Level ], [ 'MailDomains', $Domains ] ) {
        next if !$Value->[1];
        my $Config = O('DynamicField')->DynamicFieldGet( Name => $Value->[0] );
        ok( $Value->[0], O('DynamicField::Backend')->ValueSet( DynamicFieldConfig => $Config, ObjectName => $ID, Value => $Value->[1], UserID => 1 ) );
    }
}
for my $Customer ( [ 'anna', 'Anna', 'Acme', 'anna@acme.test', 'ACME' ], [ 'bob', 'Bob', 'Acme', 'bob@acme.test', 'ACME' ],
    [ 'gina', 'Gina', 'Globex', 'gina@globex.test', 'GLOBEX' ], [ 'nick', 'Nick', 'Nocontract', 'nick@nocontract.test', 'NOCON' ],
    [ 'lena', 'Lena', 'Lost', 'lena@globex.test', 'lena@globex.test' ] ) {
    my ( $Login, $First, $Last, $Mail, $CustomerID ) = @{$Customer};
    ok( "customer $Login", O('CustomerUser')->CustomerUserAdd( Source => 'CustomerUser', UserLogin => $Login, UserFirstname => $First,
        UserLastname => $Last, UserEmail => $Mail, UserCustomerID => $CustomerID, UserPassword => "$Login-pw", ValidID => 1, UserID => 1 ) );
}
O('Cache')->CleanUp();
print "SEED OK\n";
