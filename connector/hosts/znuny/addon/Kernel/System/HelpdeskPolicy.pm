package Kernel::System::HelpdeskPolicy;

# What the operations of helpdesk-policy share: reading around a ticket, and one database transaction for a whole plan.

use strict;
use warnings;
use utf8;

our @ObjectDependencies = (
    'Kernel::Config',
    'Kernel::System::Cache',
    'Kernel::System::CustomerCompany',
    'Kernel::System::CustomerUser',
    'Kernel::System::DB',
    'Kernel::System::DynamicField',
    'Kernel::System::DynamicField::Backend',
    'Kernel::System::DynamicFieldValue',
    'Kernel::System::LinkObject',
    'Kernel::System::Ticket',
    'Kernel::System::Ticket::Article',
    'Kernel::System::User',
);

our $Memory   = 'HelpdeskPolicy';
our $Tags     = 'HelpdeskPolicyTags';
our $Decision = 'HelpdeskPolicyDecision';

my $MailHeaderLimit = 32_768;
my $OneMonth        = 60 * 60 * 24 * 30;

sub new {
    my ($Type) = @_;
    return bless {}, $Type;
}

sub _Get {
    my ($Name) = @_;
    return $Kernel::OM->Get("Kernel::System::$Name");
}

# The last row of the history is a mark that moves with every change, where times are only to the second.
sub HistoryID {
    my ( $Self, %Param ) = @_;
    my $DBObject = _Get('DB');
    $DBObject->Prepare(
        SQL  => 'SELECT MAX(id) FROM ticket_history WHERE ticket_id = ?',
        Bind => [ \$Param{TicketID} ],
    );
    my $HistoryID;
    while ( my @Row = $DBObject->FetchrowArray() ) {
        $HistoryID = $Row[0];
    }
    return $HistoryID || 0;
}

# Run code in one database transaction: all of it stays or none. Dies as the code died, after rolling back.
sub Transaction {
    my ( $Self, %Param ) = @_;

    my $DBObject = _Get('DB');
    my $Handle   = $DBObject->Connect() || die "HelpdeskPolicy.Failed: no database\n";
    $Handle->begin_work();
    my $Result = eval {
        # Two daemons, or a daemon and its own request that timed out, wait for each other here.
        $DBObject->Prepare( SQL => "SELECT id FROM ticket WHERE id = ? FOR UPDATE", Bind => [ \$Param{TicketID} ] );
        while ( $DBObject->FetchrowArray() ) { }
        my $Value = $Param{Code}->();
        $Handle->commit();
        $Value;
    };
    my $Error = $@;
    if ($Error) {
        eval { $Handle->rollback() };
        $Self->_ForgetEvents();
    }

    # Others may have read the old state into the cache while the new one was not committed yet.
    $Self->CacheClear( TicketID => $Param{TicketID} );
    die $Error if $Error;
    return $Result;
}

# Of what was rolled back nobody may be told: neither the daemon nor an agent.
sub _ForgetEvents {
    my ($Self) = @_;
    for my $Name ( 'Ticket', 'CustomerUser', 'LinkObject', 'Ticket::Article::Backend::Email', 'Ticket::Article::Backend::Internal' ) {
        _Get($Name)->{EventHandlerPipe} = undef;
    }
    return 1;
}

sub CacheClear {
    my ( $Self, %Param ) = @_;
    _Get('Ticket')->_TicketCacheClear( TicketID => $Param{TicketID} );
    for my $Name ( $Memory, $Tags ) {
        my $Field = _Get('DynamicField')->DynamicFieldGet( Name => $Name );
        next if !$Field->{ID};
        _Get('DynamicFieldValue')->_DeleteFromCache( FieldID => $Field->{ID}, ObjectID => $Param{TicketID} );
    }
    return 1;
}

# A customer without what no other system needs to know.
sub Customer {
    my ( $Self, %Param ) = @_;
    my %Data = _Get('CustomerUser')->CustomerUserDataGet( User => $Param{User} );
    return if !%Data;

    my %Customer = map { $_ => $Data{$_} // '' } qw(UserLogin UserEmail UserFirstname UserLastname UserCustomerID UserLanguage ValidID Source);
    my @CustomerIDs = _Get('CustomerUser')->CustomerIDs( User => $Param{User} );
    $Customer{CustomerIDs} = [ grep { $_ ne $Customer{UserCustomerID} } @CustomerIDs ];
    return \%Customer;
}

sub IsAgent {
    my ( $Self, %Param ) = @_;
    return 0 if !$Param{Address};
    my %Found = _Get('User')->UserSearch( PostMasterSearch => $Param{Address}, Valid => 1 );
    return %Found ? 1 : 0;
}

# A company with its columns and all of its dynamic fields, whether or not they are mapped for agents.
sub Company {
    my ( $Self, %Param ) = @_;
    return if !$Param{CustomerID};
    my %Data = _Get('CustomerCompany')->CustomerCompanyGet( CustomerID => $Param{CustomerID} );
    return if !$Data{CustomerID};

    my %Company = map { $_ => $Data{$_} } grep { $_ ne 'Config' && !ref $Data{$_} && !/Password|Secret|Token/i } keys %Data;
    my $Fields  = _Get('DynamicField')->DynamicFieldListGet( ObjectType => 'CustomerCompany', Valid => 1 ) || [];
    for my $Field ( @{$Fields} ) {
        my $Value = _Get('DynamicField::Backend')->ValueGet( DynamicFieldConfig => $Field, ObjectName => $Data{CustomerID} );
        $Company{"DynamicField_$Field->{Name}"} = ref $Value eq 'ARRAY' ? join( ',', @{$Value} ) : $Value;
    }
    return \%Company;
}

# The tickets tied to one: Is says what the OTHER is. Of those that the user may not read only the id is told.
sub Links {
    my ( $Self, %Param ) = @_;
    my $List = _Get('LinkObject')->LinkList(
        Object => 'Ticket', Key => $Param{TicketID}, Object2 => 'Ticket', State => 'Valid', UserID => $Param{UserID},
    ) || {};

    my %Is = ( ParentChild => { Source => 'parent', Target => 'child' } );
    my @Links;
    for my $Type ( sort keys %{ $List->{Ticket} || {} } ) {
        for my $Direction ( sort keys %{ $List->{Ticket}->{$Type} } ) {
            for my $Other ( sort { $a <=> $b } keys %{ $List->{Ticket}->{$Type}->{$Direction} } ) {
                my %Link = ( TicketID => $Other, Is => $Is{$Type}->{$Direction} || 'normal' );
                if ( _Get('Ticket')->TicketPermission( Type => 'ro', TicketID => $Other, UserID => $Param{UserID}, LogNo => 1 ) ) {
                    my %Ticket = _Get('Ticket')->TicketGet( TicketID => $Other, DynamicFields => 1, UserID => $Param{UserID} );
                    $Link{$_} = $Ticket{$_} for qw(TicketNumber State StateType Queue);
                    $Link{Memory} = $Ticket{"DynamicField_$Memory"};
                }
                push @Links, \%Link;
            }
        }
    }
    return \@Links;
}

# Headers of a mail as they came; read once from the mail, then from the cache.
sub MailHeaders {
    my ( $Self, %Param ) = @_;
    my $CacheObject = _Get('Cache');
    my %Key         = ( Type => 'HelpdeskPolicyHeaders', Key => $Param{ArticleID} );
    my $Known       = $CacheObject->Get(%Key);
    return $Known if $Known;

    my $Plain = $Self->Plain( ArticleID => $Param{ArticleID} );
    return [] if !defined $Plain;
    my ($Head) = split m{\r?\n\r?\n}, substr( $Plain, 0, $MailHeaderLimit ), 2;
    $Head //= '';
    $Head =~ s{\r?\n[ \t]+}{ }g;
    my @Headers = map { [ $_ =~ m{\A([\x21-\x39\x3b-\x7e]+):\s*(.*)\z} ] } split m{\r?\n}, $Head;
    @Headers = map { [ $_->[0], _Printable( $_->[1] ) ] } grep { @{$_} } @Headers;
    $CacheObject->Set( %Key, Value => \@Headers, TTL => $OneMonth );
    return \@Headers;
}

# The mail as it came, bytes; undef where the article never was one.
sub Plain {
    my ( $Self, %Param ) = @_;
    my $Plain = _Get('Ticket::Article')->BackendForChannel( ChannelName => 'Email' )->ArticlePlain( ArticleID => $Param{ArticleID} );
    return if !defined $Plain || $Plain eq '';
    utf8::encode($Plain) if utf8::is_utf8($Plain);
    return $Plain;
}

sub _Printable {
    my ($Text) = @_;
    $Text =~ s{[^\x20-\x7e]}{?}g;
    return substr $Text, 0, 1_000;
}

1;
