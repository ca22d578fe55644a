package var::packagesetup::HelpdeskPolicy;

# Make the dynamic fields that helpdesk-policy writes into. An uninstallation leaves them: they hold what tickets remember.

use strict;
use warnings;
use utf8;

our @ObjectDependencies = (
    'Kernel::System::Cache',
    'Kernel::System::DynamicField',
    'Kernel::System::Log',
    'Kernel::System::Main',
);

my @Fields = (
    [ 'HelpdeskPolicy',         'Ticket',  'TextArea', 'Policy memory', { DefaultValue => '', Rows => 1, Cols => 1, RegExList => [], Link => '', LinkPreview => '' } ],
    [ 'HelpdeskPolicyTags',     'Ticket',  'Text',     'Policy tags',   { DefaultValue => '', RegExList => [], Link => '', LinkPreview => '' } ],
    [ 'HelpdeskPolicyDecision', 'Article', 'Text',     'Policy decision', { DefaultValue => '', RegExList => [], Link => '', LinkPreview => '' } ],
);

sub new {
    my ($Type) = @_;
    return bless {}, $Type;
}

sub CodeInstall {
    my ($Self) = @_;

    my $DynamicFieldObject = $Kernel::OM->Get('Kernel::System::DynamicField');
    my $Order              = 9_000;
    for my $Field (@Fields) {
        my ( $Name, $ObjectType, $FieldType, $Label, $Config ) = @{$Field};
        $Order++;
        next if $DynamicFieldObject->DynamicFieldGet( Name => $Name )->{ID};
        $DynamicFieldObject->DynamicFieldAdd(
            Name => $Name, Label => $Label, FieldOrder => $Order, FieldType => $FieldType, ObjectType => $ObjectType,
            Config => $Config, ValidID => 1, UserID => 1,
        ) || return;
    }
    return $Self->_ShowTags();
}

sub CodeUpgrade   { my ($Self) = @_; return $Self->CodeInstall() }
sub CodeReinstall { my ($Self) = @_; return $Self->CodeInstall() }
sub CodeUninstall { return 1 }

# Tags are there for agents to see and to set; the memory is not. Znuny can switch it on by itself, OTRS cannot.
sub _ShowTags {
    my ($Self) = @_;
    return 1 if !$Kernel::OM->Get('Kernel::System::Main')->Require( 'Kernel::System::ZnunyHelper', Silent => 1 );
    return $Kernel::OM->Get('Kernel::System::ZnunyHelper')->_DynamicFieldsScreenEnable(
        'Ticket::Frontend::AgentTicketFreeText###DynamicField' => { HelpdeskPolicyTags => 1 },
        'Ticket::Frontend::AgentTicketZoom###DynamicField'     => { HelpdeskPolicyTags => 1 },
    );
}

1;
