// Package tape reads the transcripts that came with the test vectors and holds a run of
// this project's challenger against them, message by message. It also knows the names of
// the vectors' configurations and how they write elements and digests. Only tests import
// it; since it imports the challenger, those of the challenger and of what lies below it
// must be external ones. No goroutines.
package tape
