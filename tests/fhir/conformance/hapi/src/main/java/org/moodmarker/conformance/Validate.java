package org.moodmarker.conformance;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.Resource;

/**
 * Prints one line for every error and warning in the documents of a folder: file, severity, place, message, between tabs.
 * Knows R4 from the class path, and our own definitions from a second folder; asks no server.
 */
public final class Validate {
  private Validate() {}

  /** First argument: the folder of documents; second: the folder of our definitions. */
  public static void main(String[] arguments) throws IOException {
    FhirContext context = FhirContext.forR4();
    FhirValidator validator = context.newValidator();
    validator.registerValidatorModule(new FhirInstanceValidator(support(context, Path.of(arguments[1]))));
    for (Path file : filesIn(Path.of(arguments[0]))) {
      for (SingleValidationMessage found : validator.validateWithResult(Files.readString(file)).getMessages()) {
        if (found.getSeverity().ordinal() >= ResultSeverityEnum.WARNING.ordinal()) {
          print(file, found);
        }
      }
    }
  }

  private static ValidationSupportChain support(FhirContext context, Path definitions) throws IOException {
    PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
    IParser parser = context.newJsonParser();
    for (Path file : filesIn(definitions)) {
      ours.addResource((Resource) parser.parseResource(Files.readString(file)));
    }
    return new ValidationSupportChain(
        new DefaultProfileValidationSupport(context),
        ours,
        new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context),
        new SnapshotGeneratingValidationSupport(context));
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  private static void print(Path file, SingleValidationMessage found) {
    String message = found.getMessage().replaceAll("\\s+", " ");
    System.out.println(
        String.join("\t", file.getFileName().toString(), found.getSeverity().getCode(), found.getLocationString(), message));
  }
}
