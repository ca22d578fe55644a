package Kernel::GenericInterface::Operation::HelpdeskPolicy::Changed;

# Find tickets by the rows of their history, in the order in which they changed last, a page at a time.
#
# The history tells of links too, which do not move a ticket's time of change; and its ids order what happened within
# one second, so that no page is lost or repeated.
#
# Data: Since (in the time zone of the system), After (HistoryID of the last ticket of the page before), Limit.

use strict;
use warnings;
use utf8;

use parent qw(Kernel::GenericInterface::Operation::Common);

our $ObjectManagerDisabled = 1;

my $Most = 500;

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

    my %Want = %{ $Param{Data} || {} };
    my ( $UserID, $UserType ) = $Self->Auth(%Param);
    return $Self->_Refuse( 'AuthFail', 'Authorization failing!' ) if !$UserID || $UserType ne 'User';
    return $Self->_Refuse( 'InvalidParameter', 'Since must be as in 2026-01-31 23:59:59!' )
        if ( $Want{Since} || '' ) !~ m{\A\d{4}-\d\d-\d\d[ ]\d\d:\d\d:\d\d\z};

    my $After = ( $Want{After} || '' ) =~ m{\A\d+\z} ? $Want{After} : 0;
    my $Limit = ( $Want{Limit} || '' ) =~ m{\A[1-9]\d{0,3}\z} && $Want{Limit} < $Most ? $Want{Limit} : $Most;

    # Only of the queues that the user may read.
    my %Queues = $Kernel::OM->Get('Kernel::System::Queue')->GetAllQueues( UserID => $UserID, Type => 'ro' );
    return { Success => 1, Data => { Tickets => [] } } if !%Queues;
    my $QueueIDs = join ', ', map { int $_ } sort keys %Queues;

    my $DBObject = $Kernel::OM->Get('Kernel::System::DB');
    $DBObject->Prepare(
        SQL => 'SELECT h.ticket_id, MAX(h.id), MAX(h.create_time) FROM ticket_history h JOIN ticket t ON t.id = h.ticket_id'
            . " WHERE h.create_time >= ? AND t.queue_id IN ($QueueIDs)"
            . ' GROUP BY h.ticket_id HAVING MAX(h.id) > ? ORDER BY MAX(h.id)',
        Bind  => [ \$Want{Since}, \$After ],
        Limit => $Limit,
    );
    my @Tickets;
    while ( my @Row = $DBObject->FetchrowArray() ) {
        push @Tickets, { TicketID => $Row[0], HistoryID => $Row[1], At => $Row[2] };
    }
    return { Success => 1, Data => { Tickets => \@Tickets } };
}

sub _Refuse {
    my ( $Self, $Code, $Message ) = @_;
    return $Self->ReturnError( ErrorCode => "HelpdeskPolicy.$Code", ErrorMessage => "Changed: $Message" );
}

1;
