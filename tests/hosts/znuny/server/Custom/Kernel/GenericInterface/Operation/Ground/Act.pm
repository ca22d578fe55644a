package Kernel::GenericInterface::Operation::Ground::Act;

# Hands of the tests, which do as the administrator what an agent or an admin does in his browser.
# Data: credentials of an agent; Do: company, customer, link or delete, with what each needs.

use strict;
use warnings;
use utf8;

use parent qw(Kernel::GenericInterface::Operation::Common);

our $ObjectManagerDisabled = 1;

sub new {
    my ( $Type, %Param ) = @_;
    return bless { map { $_ => $Param{$_} } qw(DebuggerObject WebserviceID) }, $Type;
}

sub O { return $Kernel::OM->Get("Kernel::System::$_[0]") }

my %Do = (
    company => sub {
        my %D  = @_;
        my $ID = O('CustomerCompany')->CustomerCompanyAdd(
            CustomerID => $D{CustomerID}, CustomerCompanyName => $D{Name}, ValidID => 1, UserID => 1,
            map { ( "CustomerCompany$_" => '' ) } qw(Street ZIP City Country URL Comment),
        );
        for my $Name ( keys %{ $D{Fields} } ) {
            my $Field = O('DynamicField')->DynamicFieldGet( Name => $Name );
            O('DynamicField::Backend')->ValueSet( DynamicFieldConfig => $Field, ObjectName => $D{CustomerID}, Value => $D{Fields}->{$Name}, UserID => 1 );
        }
        return $ID;
    },
    customer => sub {
        my %D = @_;
        return O('CustomerUser')->CustomerUserAdd(
            Source => 'CustomerUser', UserLogin => $D{Login}, UserFirstname => 'Carla', UserLastname => 'Customer', UserEmail => $D{Address},
            UserCustomerID => $D{CustomerID}, UserPassword => 'secret', ValidID => 1, UserID => 1,
        );
    },
    link => sub {
        my %D = @_;
        return O('LinkObject')->LinkAdd(
            SourceObject => 'Ticket', SourceKey => $D{Source}, TargetObject => 'Ticket', TargetKey => $D{Target}, Type => 'Normal',
            State => 'Valid', UserID => $D{UserID},
        );
    },
    merge => sub {
        my %D = @_;
        return O('Ticket')->TicketMerge( MainTicketID => $D{Into}, MergeTicketID => $D{TicketID}, UserID => $D{UserID} );
    },
    delete => sub {
        my %D = @_;
        return O('Ticket')->TicketDelete( TicketID => $D{TicketID}, UserID => 1 );
    },
);

sub Run {
    my ( $Self, %Param ) = @_;
    my ($UserID) = $Self->Auth(%Param);
    return { Success => 0, ErrorMessage => 'who are you?' } if !$UserID;
    my $Done = $Do{ $Param{Data}->{Do} }->( %{ $Param{Data} }, UserID => $UserID );
    return $Done ? { Success => 1, Data => { Done => $Done } } : { Success => 0, ErrorMessage => "could not: $Param{Data}->{Do}" };
}

1;
