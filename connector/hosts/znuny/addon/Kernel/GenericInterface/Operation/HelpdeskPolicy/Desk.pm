package Kernel::GenericInterface::Operation::HelpdeskPolicy::Desk;

# Give the queues, states and priorities of this helpdesk, and who is asking.

use strict;
use warnings;
use utf8;

use parent qw(Kernel::GenericInterface::Operation::Common);

our $ObjectManagerDisabled = 1;
our $Version               = '@VERSION@';

sub new {
    my ( $Type, %Param ) = @_;
    my $Self = bless {}, $Type;
    for my $Needed (qw(DebuggerObject WebserviceID)) {
        return { Success => 0, ErrorMessage => "Got no $Needed!" } if !$Param{$Needed};
        $Self->{$Needed} = $Param{$Needed};
    }
    return $Self;
}

sub Run {
    my ( $Self, %Param ) = @_;

    my ( $UserID, $UserType ) = $Self->Auth(%Param);
    return $Self->ReturnError( ErrorCode => 'HelpdeskPolicy.AuthFail', ErrorMessage => 'Desk: Authorization failing!' )
        if !$UserID || $UserType ne 'User';

    my $ConfigObject = $Kernel::OM->Get('Kernel::Config');
    my %Addresses    = $Kernel::OM->Get('Kernel::System::SystemAddress')->SystemAddressList( Valid => 1 );
    my %Agent        = $Kernel::OM->Get('Kernel::System::User')->GetUserData( UserID => $UserID );
    my %Priorities   = $Kernel::OM->Get('Kernel::System::Priority')->PriorityList( Valid => 1 );
    return {
        Success => 1,
        Data    => {
            AddOn      => $Version,
            Product    => $ConfigObject->Get('Product') . ' ' . $ConfigObject->Get('Version'),
            TimeZone   => $ConfigObject->Get('OTRSTimeZone') || 'UTC',
            UserID     => $UserID,
            UserEmail  => $Agent{UserEmail},
            Addresses  => [ sort values %Addresses ],
            Priorities => [ sort values %Priorities ],
            Queues     => $Self->_Queues( Addresses => \%Addresses ),
            States     => $Self->_States(),
            Fields     => $Self->_Fields(),
        },
    };
}

sub _Queues {
    my ( $Self, %Param ) = @_;
    my $QueueObject = $Kernel::OM->Get('Kernel::System::Queue');
    my %Names       = $QueueObject->QueueList( Valid => 0 );
    my @Queues;
    for my $QueueID ( sort { $a <=> $b } keys %Names ) {
        my %Queue   = $QueueObject->QueueGet( ID => $QueueID );
        my $Address = $Param{Addresses}->{ $Queue{SystemAddressID} || 0 };    # only valid addresses are listed
        push @Queues, { Name => $Names{$QueueID}, Address => $Address, Valid => $Queue{ValidID} == 1 ? 1 : 0 };
    }
    return \@Queues;
}

sub _States {
    my ($Self) = @_;
    my $StateObject = $Kernel::OM->Get('Kernel::System::State');
    my %Names       = $StateObject->StateList( UserID => 1, Valid => 1 );
    my @States;
    for my $StateID ( sort { $a <=> $b } keys %Names ) {
        my %State = $StateObject->StateGet( ID => $StateID );
        push @States, { Name => $State{Name}, Type => $State{TypeName} };
    }
    return \@States;
}

# Which of our dynamic fields are there and valid; by ObjectType, since names are unique.
sub _Fields {
    my ($Self) = @_;
    my $List = $Kernel::OM->Get('Kernel::System::DynamicField')->DynamicFieldListGet(
        Valid => 1, ObjectType => [ 'Ticket', 'Article', 'CustomerCompany' ],
    ) || [];
    return { map { $_->{Name} => $_->{ObjectType} } @{$List} };
}

1;
