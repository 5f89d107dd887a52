package dynamism

func (s *scan) obfuscation() {}
