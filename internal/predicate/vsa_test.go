package predicate

// ParseVSA reads the predicate of a verification summary.
func ParseVSA(s *Statement) (*VSA, error) {
	var v VSA
	if err := s.open(TypeVSA, &v); err != nil {
		return nil, err
	}
	return &v, nil
}
