package Kernel::GenericInterface::Operation::HelpdeskPolicy::Look;

# Give one ticket and what lies around it in one request.
#
# Data: TicketID; Articles, Links, RawMail, History: 1 where wanted.

use strict;
use warnings;
use utf8;

use MIME::Base64 qw(encode_base64);

use parent qw(Kernel::GenericInterface::Operation::Common);

our $ObjectManagerDisabled = 1;

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

    my $TicketID     = $Want{TicketID} || '';
    my $TicketObject = $Kernel::OM->Get('Kernel::System::Ticket');
    return $Self->_Refuse( 'AccessDenied', 'No such ticket, or no access to it!' )
        if $TicketID !~ m{\A\d+\z}
        || !$TicketObject->TicketPermission( Type => 'ro', TicketID => $TicketID, UserID => $UserID, LogNo => 1 );

    my $Around = $Kernel::OM->Get('Kernel::System::HelpdeskPolicy');

    # Read first: a change while the rest is read makes this mark old, and a plan made of the rest is refused.
    my $HistoryID = $Around->HistoryID( TicketID => $TicketID );
    my %Ticket    = $TicketObject->TicketGet( TicketID => $TicketID, DynamicFields => 1, UserID => $UserID );
    return $Self->_Refuse( 'AccessDenied', 'No such ticket, or no access to it!' ) if !%Ticket;

    my @Articles = $Kernel::OM->Get('Kernel::System::Ticket::Article')->ArticleList( TicketID => $TicketID );
    my $Customer = $Around->Customer( User => $Ticket{CustomerUserID} || '' );
    my %Data     = (
        HistoryID    => $HistoryID,
        Ticket       => \%Ticket,
        ArticleCount => scalar @Articles,
        CustomerUser => $Customer,
        IsAgent      => $Around->IsAgent( Address => $Customer ? $Customer->{UserEmail} : $Ticket{CustomerUserID} ),
        Companies    => [
            grep {$_} map { $Around->Company( CustomerID => $_ ) }
                _Unique( $Customer ? $Customer->{UserCustomerID} : '', $Ticket{CustomerID} )
        ],
    );
    $Data{Articles} = [ map { $Self->_Article( Article => $_, RawMail => $Want{RawMail} ) } @Articles ] if $Want{Articles};
    $Data{Links}    = $Around->Links( TicketID => $TicketID, UserID => $UserID ) if $Want{Links};
    $Data{History}  = [ map { _Only( $_, qw(HistoryType Name CreateBy CreateTime ArticleID) ) }
            $TicketObject->HistoryGet( TicketID => $TicketID, UserID => $UserID ) ]
        if $Want{History};
    return { Success => 1, Data => \%Data };
}

sub _Article {
    my ( $Self, %Param ) = @_;

    my %Meta    = %{ $Param{Article} };
    my $Backend = $Kernel::OM->Get('Kernel::System::Ticket::Article')->BackendForArticle(%Meta);
    my %Article = $Backend->ArticleGet( %Meta, DynamicFields => 1 );
    delete @Article{ grep { m{\ADynamicField_} && $_ ne 'DynamicField_HelpdeskPolicyDecision' } keys %Article };
    $Article{Channel} = $Backend->ChannelNameGet();

    my %Attachments = $Backend->ArticleAttachmentIndex( ArticleID => $Meta{ArticleID}, ExcludePlainText => 1, ExcludeHTMLBody => 1 );
    $Article{Files} = [
        map { { Filename => $Attachments{$_}->{Filename}, FilesizeRaw => $Attachments{$_}->{FilesizeRaw} } }
            sort { $a <=> $b } keys %Attachments
    ];

    return \%Article if $Article{Channel} ne 'Email' || $Article{SenderType} ne 'customer';
    my $Around = $Kernel::OM->Get('Kernel::System::HelpdeskPolicy');
    $Article{Headers} = $Around->MailHeaders( ArticleID => $Meta{ArticleID} );
    my $Plain = $Param{RawMail} ? $Around->Plain( ArticleID => $Meta{ArticleID} ) : undef;
    $Article{RawMail} = encode_base64( $Plain, '' ) if defined $Plain;
    return \%Article;
}

# A row of the history comes with all of its author's data, the hash of his password among them.
sub _Only {
    my ( $Row, @Names ) = @_;
    return { map { $_ => $Row->{$_} } @Names };
}

sub _Unique {
    my %Seen;
    return grep { defined && length && !$Seen{$_}++ } @_;
}

sub _Refuse {
    my ( $Self, $Code, $Message ) = @_;
    return $Self->ReturnError( ErrorCode => "HelpdeskPolicy.$Code", ErrorMessage => "Look: $Message" );
}

1;
