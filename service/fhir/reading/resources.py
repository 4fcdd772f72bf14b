"""The resources that are read, each with only the elements that are read; every other type is merely counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, Union

import msgspec
from msgspec import Raw, field

from service.fhir.reading.elements import (
    ABSENT,
    AnsweredItem,
    Code,
    CodeableConcept,
    Coding,
    Diagnosis,
    DispenseRequest,
    Dosage,
    Element,
    Extension,
    Ingredient,
    Link,
    Meta,
    Period,
    Quantity,
    QuestionnaireItem,
    Ratio,
    Reference,
    Search,
)


class Owned(Element, kw_only=True):
    """What says whose it is."""

    # A key is found soonest where its field has the place that FHIR gives it; a keyword field comes after the others.
    subject: Reference | None = None


class Resource(Owned, tag_field="resourceType"):
    """What all resources have in common."""

    id: str | None = None
    meta: Meta | None = None
    implicitRules: str | None = None
    modifierExtension: Raw = ABSENT
    contained: Raw = ABSENT
    status: str | None = None

    @property
    def kind(self) -> str:
        """The resource type."""
        return type(self).__name__


class Unread(Resource):
    """A resource of a type that no rule reads."""

    subject: Raw = ABSENT  # type: ignore[assignment]  # one reference or many, as the type has it
    patient: Raw = ABSENT
    status: Raw = ABSENT  # type: ignore[assignment]


class Coded(Resource):
    """A resource whose code comes before its subject."""

    code: Code | None = None


class Observation(Coded, tag="Observation", kw_only=True):
    """A measurement, an answer, or a finding. Feeds are full of them, so every element here costs: none is for show."""

    focus: Raw = ABSENT
    effectiveDateTime: str | None = None
    effectiveInstant: str | None = None
    effectivePeriod: Period | None = None
    valueQuantity: Raw = ABSENT
    valueCodeableConcept: CodeableConcept | None = None
    valueString: str | None = None
    valueBoolean: bool | None = None
    valueInteger: Raw = ABSENT
    valueRatio: Ratio | None = None
    dataAbsentReason: CodeableConcept | None = None
    interpretation: Raw = ABSENT
    referenceRange: Raw = ABSENT
    hasMember: Raw = ABSENT
    derivedFrom: Raw = ABSENT
    component: Raw = ABSENT


class Identified(Resource):
    """A resource that is also known by its identifiers."""

    identifier: Raw = ABSENT


class Patient(Identified, tag="Patient"):
    """The person."""

    birthDate: str | None = None
    deceasedBoolean: bool | None = None
    deceasedDateTime: str | None = None


class Condition(Resource, tag="Condition"):
    """A diagnosis, a problem or an event such as a relapse."""

    clinicalStatus: CodeableConcept | None = None
    verificationStatus: CodeableConcept | None = None
    code: CodeableConcept | None = None
    onsetDateTime: str | None = None
    onsetPeriod: Period | None = None
    abatementDateTime: str | None = None
    abatementPeriod: Period | None = None
    abatementAge: Raw = ABSENT
    abatementRange: Raw = ABSENT
    abatementString: Raw = ABSENT
    recordedDate: str | None = None


class Procedure(Resource, tag="Procedure"):
    """Something that was done to or with the patient."""

    code: CodeableConcept | None = None
    performedDateTime: str | None = None
    performedPeriod: Period | None = None


class Immunization(Resource, tag="Immunization"):
    """A vaccination."""

    subject: Reference | None = field(default=None, name="patient")
    vaccineCode: CodeableConcept | None = None
    occurrenceDateTime: str | None = None


class Encounter(Resource, tag="Encounter"):
    """A visit or a stay."""

    class_: Coding | None = field(default=None, name="class")
    type: list[CodeableConcept] | None = None
    serviceType: CodeableConcept | None = None
    reasonCode: list[CodeableConcept] | None = None
    reasonReference: list[Reference] | None = None
    diagnosis: list[Diagnosis] | None = None
    period: Period | None = None


class DiagnosticReport(Resource, tag="DiagnosticReport"):
    """A report, for its conclusion codes and the results it contains."""

    effectiveDateTime: str | None = None
    effectivePeriod: Period | None = None
    conclusionCode: list[CodeableConcept] | None = None


class QuestionnaireResponse(Resource, tag="QuestionnaireResponse"):
    """A filled-in form."""

    questionnaire: str | None = None
    authored: str | None = None
    item: list[AnsweredItem] | None = None


class Questionnaire(Resource, tag="Questionnaire"):
    """A form, for the codes of its questions."""

    url: str | None = None
    version: str | None = None
    code: list[Coding] | None = None
    item: list[QuestionnaireItem] | None = None
    subject: Raw = ABSENT  # type: ignore[assignment]  # has no patient


class Medication(Identified, tag="Medication"):
    """A product, for its code and ingredients."""

    code: CodeableConcept | None = None
    ingredient: list[Ingredient] | None = None


class MedicineRecord(Resource):
    """What the four records of a medicine have in common."""

    medicationCodeableConcept: CodeableConcept | None = None
    medicationReference: Reference | None = None


class MedicationRequest(MedicineRecord, tag="MedicationRequest"):
    """A prescription."""

    intent: str | None = None
    doNotPerform: bool | None = None
    authoredOn: str | None = None
    dosageInstruction: list[Dosage] | None = None
    dispenseRequest: DispenseRequest | None = None


class MedicationStatement(MedicineRecord, tag="MedicationStatement"):
    """What the patient is said to take."""

    effectiveDateTime: str | None = None
    effectivePeriod: Period | None = None
    dosage: list[Dosage] | None = None


class MedicationAdministration(MedicineRecord, tag="MedicationAdministration"):
    """A dose that was given."""

    effectiveDateTime: str | None = None
    effectivePeriod: Period | None = None
    dosage: Dosage | None = None


class MedicationDispense(MedicineRecord, tag="MedicationDispense"):
    """A supply that was handed out."""

    whenPrepared: str | None = None
    whenHandedOver: str | None = None
    daysSupply: Quantity | None = None
    dosageInstruction: list[Dosage] | None = None


class Flag(Identified, tag="Flag"):
    """A flag; ours are recognised by their identifier."""

    extension: list[Extension] | None = None
    code: CodeableConcept | None = None
    period: Period | None = None


class CarePlan(Identified, tag="CarePlan"):
    """A plan; ours are recognised by their identifier."""

    extension: Raw = ABSENT
    instantiatesCanonical: Raw = ABSENT


class OperationOutcome(Resource, tag="OperationOutcome"):
    """Something that went wrong where the Bundle came from."""

    issue: Raw = ABSENT


READ: Final = (
    Observation,
    Patient,
    Condition,
    Procedure,
    Immunization,
    Encounter,
    DiagnosticReport,
    QuestionnaireResponse,
    Questionnaire,
    Medication,
    MedicationRequest,
    MedicationStatement,
    MedicationAdministration,
    MedicationDispense,
    Flag,
    CarePlan,
    OperationOutcome,
)

# The other resource types of FHIR R4 and R4B.
_OTHER_NAMES: Final = """
Account ActivityDefinition AdministrableProductDefinition AdverseEvent AllergyIntolerance Appointment
AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure CapabilityStatement
CareTeam CatalogEntry ChargeItem ChargeItemDefinition Citation Claim ClaimResponse ClinicalImpression
ClinicalUseDefinition CodeSystem Communication CommunicationRequest CompartmentDefinition Composition
ConceptMap Consent Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse
DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DocumentManifest
DocumentReference EffectEvidenceSynthesis Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
EventDefinition Evidence EvidenceReport EvidenceVariable ExampleScenario ExplanationOfBenefit
FamilyMemberHistory Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy
ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide Ingredient InsurancePlan Invoice
Library Linkage List Location ManufacturedItemDefinition Measure MeasureReport Media MedicationKnowledge
MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
MedicinalProductDefinition MedicinalProductIndication MedicinalProductIngredient
MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
MolecularSequence NamingSystem NutritionOrder NutritionProduct ObservationDefinition OperationDefinition
Organization OrganizationAffiliation PackagedProductDefinition PaymentNotice PaymentReconciliation
Person PlanDefinition Practitioner PractitionerRole Provenance RegulatedAuthorization RelatedPerson
RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
StructureDefinition StructureMap Subscription SubscriptionStatus SubscriptionTopic Substance
SubstanceDefinition SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task TerminologyCapabilities
TestReport TestScript ValueSet VerificationResult VisionPrescription
"""
OTHER: Final = tuple(_OTHER_NAMES.split())
READ_TYPES: Final = frozenset(read.__name__ for read in READ)
TYPES: Final = READ_TYPES | set(OTHER)


class Entry(Element):
    """One entry of a Bundle."""

    fullUrl: str | None = None
    resource: AnyResource | None = None
    search: Search | None = None
    modifierExtension: Raw = ABSENT


class Bundle(Resource, tag="Bundle"):
    """A Bundle, which may hold others."""

    type: str | None = None
    total: Raw = ABSENT
    link: list[Link] | None = None
    entry: list[Entry] | None = None


if TYPE_CHECKING:
    AnyResource: TypeAlias = Resource
else:
    _UNREAD = (msgspec.defstruct(name, [], bases=(Unread,), gc=False, tag=name) for name in OTHER)
    AnyResource = Union[(*READ, Bundle, *_UNREAD)]


class Parameter(Element):
    """One parameter of an operation: a primitive value, or a resource."""

    name: str | None = None
    resource: AnyResource | None = None
    valueString: Raw = ABSENT
    valueCode: Raw = ABSENT
    valueDateTime: Raw = ABSENT
    valueDate: Raw = ABSENT
    valueInstant: Raw = ABSENT
    valueUri: Raw = ABSENT
    valueUrl: Raw = ABSENT
    valueCanonical: Raw = ABSENT
    valueId: Raw = ABSENT


class Parameters(Element, tag_field="resourceType", tag="Parameters"):
    """The parameters of an operation."""

    parameter: list[Parameter] | None = None
