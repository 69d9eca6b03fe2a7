package cognito

import "net/http"

// documents are what verifiers of tokens read
// (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html).
func (s *Service) documents(mux *http.ServeMux) {
	mux.HandleFunc("GET /{pool}/.well-known/jwks.json", open(func(w http.ResponseWriter, r *http.Request) {
		keys, ok := s.Keys(Issuer(r.PathValue("pool")))
		if !ok {
			http.NotFound(w, r)
			return
		}
		respond(w, http.StatusOK, keys)
	}))
	mux.HandleFunc("GET /{pool}/.well-known/openid-configuration", open(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		p, ok := s.pools[r.PathValue("pool")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		respond(w, http.StatusOK, map[string]any{
			"issuer": Issuer(p.ID), "jwks_uri": "http://" + r.Host + "/" + p.ID + "/.well-known/jwks.json",
			"authorization_endpoint": p.url + "/oauth2/authorize", "token_endpoint": p.url + "/oauth2/token",
			"userinfo_endpoint": p.url + "/oauth2/userInfo", "revocation_endpoint": p.url + "/oauth2/revoke",
			"end_session_endpoint": p.url + "/logout", "response_types_supported": []string{"code"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
			"scopes_supported": []string{"openid", "email", "phone", "profile"},
		})
	}))
}
