package Kernel::GenericInterface::Operation::HelpdeskPolicy::Changed;

# Find the tickets that changed at or after a moment, in the order in which they changed last, a page at a time.
#
# The history tells of links too, which do not move a ticket's time of change; and its ids order what happened within
# one second, so that no page is lost or repeated.
#
# Data: Since (in the time zone of the system), Limit; After: { At, HistoryID } of the last ticket of the page before.

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
    my %After = ( At => '1970-01-01 00:00:00', HistoryID => 0, %{ $Want{After} || {} } );
    my $Time  = qr{\A\d{4}-\d\d-\d\d[ ]\d\d:\d\d:\d\d\z};
    return $Self->_Refuse( 'InvalidParameter', 'Since and After->At must be as in 2026-01-31 23:59:59!' )
        if ( $Want{Since} || '' ) !~ $Time || $After{At} !~ $Time || $After{HistoryID} !~ m{\A\d+\z};

    my $Limit = ( $Want{Limit} || '' ) =~ m{\A[1-9]\d{0,3}\z} && $Want{Limit} < $Most ? $Want{Limit} : $Most;

    # Only of the queues that the user may read.
    my %Queues = $Kernel::OM->Get('Kernel::System::Queue')->GetAllQueues( UserID => $UserID, Type => 'ro' );
    return { Success => 1, Data => { Tickets => [] } } if !%Queues;
    my $QueueIDs = join ', ', map { int $_ } sort keys %Queues;

    my $DBObject = $Kernel::OM->Get('Kernel::System::DB');
    $DBObject->Prepare(
        SQL => 'SELECT c.ticket_id, c.history_id, c.changed_at FROM ('
            . ' SELECT h.ticket_id, MAX(h.id) AS history_id, CASE WHEN MAX(h.create_time) > MAX(t.change_time)'
            . ' THEN MAX(h.create_time) ELSE MAX(t.change_time) END AS changed_at'
            . ' FROM ticket t JOIN ticket_history h ON h.ticket_id = t.id'
            . " WHERE t.queue_id IN ($QueueIDs) AND"
            . ' (t.change_time >= ? OR t.id IN (SELECT r.ticket_id FROM ticket_history r WHERE r.create_time >= ?))'
            . ' GROUP BY h.ticket_id ) c'
            . ' WHERE c.changed_at > ? OR (c.changed_at = ? AND c.history_id > ?)'
            . ' ORDER BY c.changed_at, c.history_id',
        Bind  => [ \$Want{Since}, \$Want{Since}, \$After{At}, \$After{At}, \$After{HistoryID} ],
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
