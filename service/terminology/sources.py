"""Where codes were seen together with their displays: the names that the tables' evidence uses."""

from __future__ import annotations

from typing import Final

US_CORE_PHQ9: Final = "HL7/US-Core examples Observation-PHQ9-*"
US_CORE: Final = "HL7/US-Core examples"
PHR: Final = "HL7/personal-health-record-format-ig"
PACIO: Final = "HL7/fhir-pacio-pfe examples"
BEHAVIORAL: Final = "HL7/us-behavioral-health-profiles C-SSRS-example-1"
ACE: Final = "HL7/us-behavioral-health-profiles ace-example-1"
IPS: Final = "HL7/fhir-ips"
MCODE: Final = "HL7/fhir-mCODE-ig"
GAD7_PANEL: Final = "loinc.org/69729-2 (PHQ-SADS panel, LOINC 2.77)"
QICORE: Final = "cqframework/ecqm-content-qicore-2024 (VSAC value sets / CQL)"
VSAC_MS: Final = f"VSAC 2.16.840.1.113883.3.464.1003.110.12.1082 in {QICORE}"
VSAC_SUICIDAL: Final = f"VSAC 2.16.840.1.113883.3.464.1003.105.12.1004 in {QICORE}"
OHDSI: Final = "OHDSI/PhenotypeLibrary inst/cohorts (Athena concept JSON)"
NHS_DEPSCRN: Final = "OpenCodeCounts: NHS DEPSCRN_COD"
MII: Final = "MII PROMs IG catalogue"
MIMIC: Final = "MIT-LCP/mimic-code mapping/d_labitems_to_loinc.csv"
CH_LAB: Final = "hl7ch/ch-lab-order"
ICD_PACKAGE: Final = "simple_icd_10_cm 1.5.0 (prints the description)"
OHDSI_OR_US_CORE: Final = "OHDSI/PhenotypeLibrary or US Core VSAC set"
UPMC: Final = "UPMC MS study setup file (IN codes from RxNav)"
WHO_ATC: Final = "WHO ATC/DDD export 2026-04-25 (older codes: 2021-12-03)"
