package Kernel::GenericInterface::Operation::HelpdeskPolicy::Companies;

# List customer companies with their columns and dynamic fields, a page at a time.
#
# Data: After (the last CustomerID of the page before), Limit, ChangedSince (in the time zone of the system).
# The answer holds Last, the CustomerID to go on after, where a page follows.

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
    return $Self->ReturnError( ErrorCode => 'HelpdeskPolicy.AuthFail', ErrorMessage => 'Companies: Authorization failing!' )
        if !$UserID || $UserType ne 'User';

    my $Limit = ( $Want{Limit} || '' ) =~ m{\A\d{1,4}\z} && $Want{Limit} < $Most ? $Want{Limit} || $Most : $Most;
    my $After = $Want{After} // '';
    my @IDs   = sort grep { $_ gt $After } $Self->_CustomerIDs( ChangedSince => $Want{ChangedSince} );
    my $More  = @IDs > $Limit ? 1 : 0;
    splice @IDs, $Limit if $More;

    my $Around = $Kernel::OM->Get('Kernel::System::HelpdeskPolicy');
    return {
        Success => 1,
        Data    => {
            Companies => [ grep {$_} map { $Around->Company( CustomerID => $_ ) } @IDs ],
            Last      => $More ? $IDs[-1] : '',
        },
    };
}

sub _CustomerIDs {
    my ( $Self, %Param ) = @_;

    my $Backend = $Kernel::OM->Get('Kernel::Config')->Get('CustomerCompany') || {};
    my $IsStock = ( $Backend->{Params}->{Table} || '' ) eq 'customer_company' && !$Backend->{Params}->{DSN};
    if ( $Param{ChangedSince} && $IsStock && !$Kernel::OM->Get('Kernel::Config')->Get('CustomerCompany1') ) {
        my $DBObject = $Kernel::OM->Get('Kernel::System::DB');
        $DBObject->Prepare(
            SQL  => 'SELECT customer_id FROM customer_company WHERE change_time >= ?',
            Bind => [ \$Param{ChangedSince} ],
        );
        my @IDs;
        while ( my @Row = $DBObject->FetchrowArray() ) {
            push @IDs, $Row[0];
        }
        return @IDs;
    }

    # A backend of the organisation's own has no time of change that we know of: all are given.
    my %List = $Kernel::OM->Get('Kernel::System::CustomerCompany')->CustomerCompanyList( Valid => 0, Limit => 0 );
    return keys %List;
}

1;
