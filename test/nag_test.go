package test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

func TestNag(t *testing.T) {
	app := newApp(t)
	app.Node().SetContext(new("@aws-cdk/core:annotationsInValidationReport"), false)
	referenceStacks(app)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	}), nil)
	assembly := app.Synth(nil)
	os.CopyFS("/tmp/n6/nagout", os.DirFS(*assembly.Directory()))
	files, _ := filepath.Glob(*assembly.Directory() + "/*")
	t.Log(files)
}
