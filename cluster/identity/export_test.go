package identity

// RightsCount is how many actions have a row.
func RightsCount() int { return len(rights) }
