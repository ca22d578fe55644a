package Kernel::GenericInterface::Operation::HelpdeskPolicy::Apply;

# Carry out a whole plan for one ticket in one database transaction: wholly or not at all.
#
# Data: TicketID
#       HistoryID  the ticket's mark when it was looked at; where it moved since, nothing is done
#       Company    { CustomerUser, CustomerID }  the customer's company, kept where the customer is a stored one
#       Ticket     fields as in TicketUpdate
#       Articles   [ { Article, Decision } ]  as in TicketUpdate; with ArticleSend also InReplyTo and References go out
#       Links      [ { TicketID, Is } ]  Is: parent, child or normal, what the OTHER is
#       Create     [ { Ticket, Article, Decision, Fields, Is, Carry, Places } ]  new tickets with their link
#                  Carry: ids of articles whose attachments go along; Places: words in the articles of this ticket that
#                  stand for the new one's number
#       Fields     { name of a dynamic field: value }

use strict;
use warnings;
use utf8;

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

    my %Plan = %{ $Param{Data} || {} };
    my ( $UserID, $UserType ) = $Self->Auth(%Param);
    return $Self->_Refuse('HelpdeskPolicy.AuthFail: Authorization failing!') if !$UserID || $UserType ne 'User';

    my $TicketObject = $Kernel::OM->Get('Kernel::System::Ticket');
    my $TicketID     = $Plan{TicketID} || '';
    return $Self->_Refuse('HelpdeskPolicy.AccessDenied: no such ticket, or no right to change it!')
        if $TicketID !~ m{\A\d+\z} || !$TicketObject->TicketPermission( Type => 'rw', TicketID => $TicketID, UserID => $UserID, LogNo => 1 );

    my $Around = $Kernel::OM->Get('Kernel::System::HelpdeskPolicy');
    my %Done;
    eval {
        $Around->Transaction(
            TicketID => $TicketID,
            Code     => sub { %Done = $Self->_Apply( Plan => \%Plan, UserID => $UserID ); return 1 },
        );
    } or return $Self->_Refuse( $@ || 'HelpdeskPolicy.Failed: unknown' );

    my %Ticket = $TicketObject->TicketGet( TicketID => $TicketID, DynamicFields => 1, UserID => $UserID );
    my $Customer = $Around->Customer( User => $Ticket{CustomerUserID} || '' );
    return {
        Success => 1,
        Data    => {
            %Done,
            Ticket       => \%Ticket,
            CustomerUser => $Customer,
            Links        => $Plan{Links} || $Plan{Create} ? $Around->Links( TicketID => $TicketID, UserID => $UserID ) : [],
            HistoryID    => $Around->HistoryID( TicketID => $TicketID ),
        },
    };
}

sub _Apply {
    my ( $Self, %Param ) = @_;

    my %Plan     = %{ $Param{Plan} };
    my $TicketID = $Plan{TicketID};
    my %With     = ( %Param, TicketID => $TicketID );
    my $Mark     = $Kernel::OM->Get('Kernel::System::HelpdeskPolicy')->HistoryID( TicketID => $TicketID );
    die "HelpdeskPolicy.Changed: somebody changed the ticket since it was looked at ($Plan{HistoryID}, now $Mark)\n"
        if $Plan{HistoryID} && $Plan{HistoryID} != $Mark;

    $Self->_SetCompany( %With, %{ $Plan{Company} } ) if $Plan{Company};
    my %Fields = ( Ticket => $Plan{Ticket}, DynamicField => _DynamicField( $Plan{Fields} ) );
    $Self->_Stock( %With, Operation => 'TicketUpdate', Data => \%Fields ) if $Plan{Ticket} || $Plan{Fields};

    $Self->_AddLink( %With, Other => $_->{TicketID}, Is => $_->{Is} ) for @{ $Plan{Links} || [] };

    # New tickets before what is said of them.
    my ( @ArticleIDs, @Created, %Number );
    for my $New ( @{ $Plan{Create} || [] } ) {
        my $Created = $Self->_Create( %With, New => $New );
        $Number{$_} = $Created->{TicketNumber} for @{ $New->{Places} || [] };
        push @Created, $Created;
    }
    for my $Said ( @{ $Plan{Articles} || [] } ) {
        for my $Place ( keys %Number ) {
            $Said->{Article}->{$_} =~ s{\Q$Place\E}{$Number{$Place}}g for qw(Subject Body);
        }
        push @ArticleIDs, $Self->_AddArticle( %With, %{$Said} );
    }
    return ( ArticleIDs => \@ArticleIDs, Created => \@Created );
}

# Where the customer is stored and his company can be written, it is: his next ticket then comes with it.
sub _SetCompany {
    my ( $Self, %Param ) = @_;

    my $CustomerUserObject = $Kernel::OM->Get('Kernel::System::CustomerUser');
    my %Company            = $Kernel::OM->Get('Kernel::System::CustomerCompany')->CustomerCompanyGet( CustomerID => $Param{CustomerID} );
    die "HelpdeskPolicy.InvalidParameter: there is no company '$Param{CustomerID}'\n" if !$Company{CustomerID};

    my %Data = $CustomerUserObject->CustomerUserDataGet( User => $Param{CustomerUser} );
    if ( %Data && ( $Data{UserCustomerID} // '' ) ne $Param{CustomerID} ) {
        my $Source = $CustomerUserObject->{ $Data{Source} };
        if ( !$Source->{ReadOnly} && !$Source->{CustomerUserMap}->{ReadOnly} ) {
            delete $Data{UserPassword};    # it is a hash, and would be hashed once more
            $CustomerUserObject->CustomerUserUpdate( %Data, ID => $Data{UserLogin}, UserCustomerID => $Param{CustomerID}, UserID => $Param{UserID} )
                || die "HelpdeskPolicy.Failed: the customer '$Param{CustomerUser}' could not be changed\n";
        }
    }
    $Kernel::OM->Get('Kernel::System::Ticket')->TicketCustomerSet(
        No => $Param{CustomerID}, User => $Param{CustomerUser}, TicketID => $Param{TicketID}, UserID => $Param{UserID},
    ) || die "HelpdeskPolicy.Failed: the ticket's customer could not be set\n";
    return 1;
}

sub _AddArticle {
    my ( $Self, %Param ) = @_;

    my %Article = %{ $Param{Article} };
    if ( $Article{ArticleSend} ) {
        my $ArticleID = $Self->_Send(%Param);
        $Self->_MarkArticle( %Param, ArticleID => $ArticleID );
        return $ArticleID;
    }
    my %Data = ( Article => \%Article, DynamicField => _DynamicField( { HelpdeskPolicyDecision => $Param{Decision} } ) );
    return $Self->_Stock( %Param, Operation => 'TicketUpdate', Data => \%Data )->{ArticleID};
}

# TicketUpdate can send too, but no mail of its goes out as an answer: it drops InReplyTo and References.
sub _Send {
    my ( $Self, %Param ) = @_;

    my $TicketObject = $Kernel::OM->Get('Kernel::System::Ticket');
    my %Article      = %{ $Param{Article} };
    my %Ticket       = $TicketObject->TicketGet( TicketID => $Param{TicketID}, UserID => $Param{UserID} );
    my $Templates    = $Kernel::OM->Get('Kernel::System::TemplateGenerator');
    my %Address      = $Kernel::OM->Get('Kernel::System::Queue')->GetSystemAddress( QueueID => $Ticket{QueueID} );
    my $Signature    = $Templates->Signature( TicketID => $Param{TicketID}, UserID => $Param{UserID}, Data => \%Article );
    my $Subject      = $TicketObject->TicketSubjectBuild(
        TicketNumber => $Ticket{TicketNumber}, Subject => $Article{Subject}, Type => 'New', Action => 'Reply',
    );
    my $ArticleID = $Kernel::OM->Get('Kernel::System::Ticket::Article')->BackendForChannel( ChannelName => 'Email' )->ArticleSend(
        TicketID             => $Param{TicketID},
        UserID               => $Param{UserID},
        SenderType           => 'agent',
        IsVisibleForCustomer => 1,
        From                 => "$Address{RealName} <$Address{Email}>",
        To                   => $Article{To},
        Subject              => $Subject,
        Body                 => $Article{Body} . ( $Signature || '' ),
        MimeType             => 'text/html',
        Charset              => 'utf-8',
        InReplyTo            => $Article{InReplyTo} || '',
        References           => $Article{References} || '',
        HistoryType          => 'SendAnswer',
        HistoryComment       => "%%$Article{To}",
        NoAgentNotify        => 1,
        Loop                 => 1,    # Auto-Submitted and Precedence, so that no machine answers
    );
    return $ArticleID || die "HelpdeskPolicy.Failed: the mail to $Article{To} could not be queued\n";
}

sub _MarkArticle {
    my ( $Self, %Param ) = @_;
    my $Field = $Kernel::OM->Get('Kernel::System::DynamicField')->DynamicFieldGet( Name => 'HelpdeskPolicyDecision' );
    die "HelpdeskPolicy.MissingField: the dynamic field HelpdeskPolicyDecision is missing\n" if !$Field->{ID};
    return $Kernel::OM->Get('Kernel::System::DynamicField::Backend')->ValueSet(
        DynamicFieldConfig => $Field, ObjectID => $Param{ArticleID}, Value => $Param{Decision}, UserID => $Param{UserID},
    );
}

sub _AddLink {
    my ( $Self, %Param ) = @_;

    die "HelpdeskPolicy.AccessDenied: no right to link ticket $Param{Other}\n"
        if !$Kernel::OM->Get('Kernel::System::Ticket')->TicketPermission( Type => 'rw', TicketID => $Param{Other}, UserID => $Param{UserID}, LogNo => 1 );
    my ( $Source, $Target ) = $Param{Is} eq 'parent' ? ( $Param{Other}, $Param{TicketID} ) : ( $Param{TicketID}, $Param{Other} );
    $Kernel::OM->Get('Kernel::System::LinkObject')->LinkAdd(
        SourceObject => 'Ticket',
        SourceKey    => $Source,
        TargetObject => 'Ticket',
        TargetKey    => $Target,
        Type         => $Param{Is} eq 'normal' ? 'Normal' : 'ParentChild',
        State        => 'Valid',
        UserID       => $Param{UserID},
    ) || die "HelpdeskPolicy.InvalidParameter: ticket $Param{Other} could not be linked as $Param{Is}; is it linked otherwise already?\n";
    return 1;
}

sub _Create {
    my ( $Self, %Param ) = @_;

    my %New     = %{ $Param{New} };
    my %Fields  = ( %{ $New{Fields} || {} }, HelpdeskPolicyDecision => $New{Decision} );
    my $Created = $Self->_Stock(
        %Param,
        TicketID  => undef,
        Operation => 'TicketCreate',
        Data      => { Ticket => $New{Ticket}, Article => $New{Article}, DynamicField => _DynamicField( \%Fields ) },
    );
    $Self->_AddLink( %Param, Other => $Created->{TicketID}, Is => $New{Is} );
    my @Files = map { $Self->_Carry( %Param, From => $_, To => $Created->{ArticleID} ) } @{ $New{Carry} || [] };
    return { TicketID => $Created->{TicketID}, TicketNumber => $Created->{TicketNumber}, Files => \@Files };
}

# Copy the attachments of an article of this ticket to an article of the new one; gives their names and sizes.
sub _Carry {
    my ( $Self, %Param ) = @_;

    my $ArticleObject = $Kernel::OM->Get('Kernel::System::Ticket::Article');
    my $From          = $ArticleObject->BackendForArticle( TicketID => $Param{TicketID}, ArticleID => $Param{From} );
    my $To            = $ArticleObject->BackendForChannel( ChannelName => 'Internal' );
    my %Index         = $From->ArticleAttachmentIndex( ArticleID => $Param{From}, ExcludePlainText => 1, ExcludeHTMLBody => 1 );
    my @Files;
    for my $FileID ( sort { $a <=> $b } keys %Index ) {
        my %File = $From->ArticleAttachment( ArticleID => $Param{From}, FileID => $FileID );
        $To->ArticleWriteAttachment( %File, ArticleID => $Param{To}, UserID => $Param{UserID} )
            || die "HelpdeskPolicy.Failed: the attachment $File{Filename} could not be carried over\n";
        push @Files, { Filename => $File{Filename}, FilesizeRaw => $Index{$FileID}->{FilesizeRaw} };
    }
    return @Files;
}

# Let Znuny's own operation check and do it, as the same user.
sub _Stock {
    my ( $Self, %Param ) = @_;

    my %Data  = %{ $Param{Data} };
    my $Class = "Kernel::GenericInterface::Operation::Ticket::$Param{Operation}";
    $Kernel::OM->Get('Kernel::System::Main')->Require($Class) || die "HelpdeskPolicy.Failed: no $Class\n";
    my $Operation = $Class->new( DebuggerObject => $Self->{DebuggerObject}, WebserviceID => $Self->{WebserviceID} );
    my %Proof     = map { $_ => $Param{Plan}->{$_} } grep { defined $Param{Plan}->{$_} } qw(SessionID UserLogin Password);
    delete $Data{$_} for grep { !$Data{$_} } keys %Data;
    $Data{TicketID} = $Param{TicketID} if $Param{TicketID};

    my $Result = $Operation->Run( Data => { %Data, %Proof } );
    my $Error  = $Result->{Data}->{Error};
    die "$Error->{ErrorCode}: $Error->{ErrorMessage}\n" if $Error;
    die 'HelpdeskPolicy.Failed: ' . ( $Result->{ErrorMessage} || $Result->{Errormessage} || $Param{Operation} ) . "\n" if !$Result->{Success};
    return $Result->{Data};
}

sub _DynamicField {
    my ($Fields) = @_;
    return if !$Fields || !%{$Fields};
    return [ map { { Name => $_, Value => $Fields->{$_} } } sort keys %{$Fields} ];
}

sub _Refuse {
    my ( $Self, $Text ) = @_;
    chomp $Text;
    my ( $Code, $Message ) = $Text =~ m{\A([A-Z]\w+[.]\w+): (.*)\z}s;
    return $Self->ReturnError( ErrorCode => $Code || 'HelpdeskPolicy.Failed', ErrorMessage => 'Apply: ' . ( $Message || $Text ) );
}

1;
