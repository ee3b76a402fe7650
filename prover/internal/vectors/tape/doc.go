// Package tape reads the transcripts that came with the test vectors and holds a run of
// this project's challenger against them, message by message. It also knows the names of
// the vectors' configurations. Only tests import it, and only external ones: it imports
// the challenger. No goroutines.
package tape
